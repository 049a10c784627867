import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

export interface OriginPullsArgs {
  zoneId: string;
  /** The region's public host name. */
  host: string;
}

const yearHours = 365 * 24;

/**
 * The certificate by which the edge proves itself to this region's origin, signed by an authority of the stack's own.
 * Cloudflare's shared one would let any customer of theirs point a zone at the origin and be believed.
 * Claims: enc-in-transit-everywhere.
 */
export class OriginPulls extends pulumi.ComponentResource {
  /** What the gateway verifies the edge by, PEM. */
  readonly authority: pulumi.Output<string>;

  constructor(name: string, args: OriginPullsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:edge:OriginPulls", name, {}, opts);
    const { zoneId, host } = args;

    const authority = createAuthority(`${name}-authority`, host, this);
    const client = signClient(name, host, authority, this);
    const uploaded = new cloudflare.AuthenticatedOriginPullsHostnameCertificate(
      name,
      { zoneId, certificate: client.certificate, privateKey: client.key },
      { parent: this },
    );
    new cloudflare.AuthenticatedOriginPulls(
      name,
      { zoneId, configs: [{ certId: uploaded.id, enabled: true, hostname: host }] },
      { parent: this },
    );

    this.authority = authority.certificate.certPem;
    this.registerOutputs({ authority: this.authority });
  }
}

interface Authority {
  key: tls.PrivateKey;
  certificate: tls.SelfSignedCert;
}

function createAuthority(name: string, host: string, parent: pulumi.Resource): Authority {
  const key = createKey(name, parent);
  const certificate = new tls.SelfSignedCert(
    name,
    {
      privateKeyPem: key.privateKeyPem,
      isCaCertificate: true,
      setSubjectKeyId: true,
      subject: { commonName: `Biplane edge of ${host}`, organization: "Biplane" },
      allowedUses: ["cert_signing", "crl_signing"],
      validityPeriodHours: 10 * yearHours,
      earlyRenewalHours: 2 * yearHours,
    },
    { parent },
  );
  return { key, certificate };
}

/** Renewed by any `up` in its last half year; the new one is at the edge before the old one is taken away. */
function signClient(name: string, host: string, authority: Authority, parent: pulumi.Resource) {
  const key = createKey(name, parent);
  const request = new tls.CertRequest(
    name,
    { privateKeyPem: key.privateKeyPem, subject: { commonName: `edge of ${host}`, organization: "Biplane" } },
    { parent },
  );
  const signed = new tls.LocallySignedCert(
    name,
    {
      caPrivateKeyPem: authority.key.privateKeyPem,
      caCertPem: authority.certificate.certPem,
      certRequestPem: request.certRequestPem,
      allowedUses: ["digital_signature", "client_auth"],
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
