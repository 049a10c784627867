import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { ServerCertificate } from "../edge/cloudflare.ts";

export interface ClusterAuthorityArgs {
  region: string;
  /** Host that clusters dial; the relay's certificate is for it. */
  relayHost: string;
}

const yearHours = 365 * 24;

/**
 * The region's own authority for tunnels: the cluster service signs clusters' certificates with it, and the relay's is
 * signed here. Clusters trust it from registration on, so no public authority can stand between them and the relay.
 */
export class ClusterAuthority extends pulumi.ComponentResource {
  readonly authority: ServerCertificate;
  readonly relay: ServerCertificate;

  constructor(name: string, args: ClusterAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:tunnel:ClusterAuthority", name, {}, opts);

    const key = createKey(name, this);
    const certificate = new tls.SelfSignedCert(
      name,
      {
        privateKeyPem: key.privateKeyPem,
        isCaCertificate: true,
        setSubjectKeyId: true,
        subject: { commonName: `Biplane clusters of ${args.region}`, organization: "Biplane" },
        allowedUses: ["cert_signing", "crl_signing"],
        validityPeriodHours: 10 * yearHours,
        earlyRenewalHours: 2 * yearHours,
      },
      { parent: this },
    );
    this.authority = { certificate: certificate.certPem, key: key.privateKeyPemPkcs8 };
    this.relay = signRelay(`${name}-relay`, args.relayHost, { key, certificate, parent: this });
    this.registerOutputs({});
  }
}

interface Signer {
  key: tls.PrivateKey;
  certificate: tls.SelfSignedCert;
  parent: pulumi.Resource;
}

/** Renewed by any `up` in its last half year. */
function signRelay(name: string, host: string, { key: authorityKey, certificate, parent }: Signer): ServerCertificate {
  const key = createKey(name, parent);
  const request = new tls.CertRequest(
    name,
    { privateKeyPem: key.privateKeyPem, subject: { commonName: host }, dnsNames: [host] },
    { parent },
  );
  const signed = new tls.LocallySignedCert(
    name,
    {
      caPrivateKeyPem: authorityKey.privateKeyPem,
      caCertPem: certificate.certPem,
      certRequestPem: request.certRequestPem,
      allowedUses: ["digital_signature", "server_auth"],
      validityPeriodHours: 2 * yearHours,
      earlyRenewalHours: yearHours / 2,
    },
    { parent },
  );
  return { certificate: signed.certPem, key: key.privateKeyPemPkcs8 };
}

function createKey(name: string, parent: pulumi.Resource): tls.PrivateKey {
  return new tls.PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P256" }, { parent });
}
