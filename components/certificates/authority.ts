/** Authorities of a stack's own, and what they sign; no public authority can stand between those who trust them. */
import type * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

export interface Authority {
  key: tls.PrivateKey;
  certificate: tls.SelfSignedCert;
}

type Use = "server_auth" | "client_auth";

export interface Leaf {
  subject: { commonName: string; organization?: string };
  /** Host names that it is for. @default none: a client's */
  dnsNames?: string[];
  use: Use | readonly Use[];
}

const yearHours = 365 * 24;

/** For ten years; renewed by any `up` in the last two. */
export function createAuthority(name: string, commonName: string, parent: pulumi.Resource): Authority {
  const key = createKey(name, parent);
  const certificate = new tls.SelfSignedCert(
    name,
    {
      privateKeyPem: key.privateKeyPem,
      isCaCertificate: true,
      setSubjectKeyId: true,
      subject: { commonName, organization: "Biplane" },
      allowedUses: ["cert_signing", "crl_signing"],
      validityPeriodHours: 10 * yearHours,
      earlyRenewalHours: 2 * yearHours,
    },
    { parent },
  );
  return { key, certificate };
}

/** For two years; renewed by any `up` in the last half. @returns PEM, the key as PKCS#8 */
export function signLeaf(name: string, { subject, dnsNames, use }: Leaf, by: Authority, parent: pulumi.Resource) {
  const key = createKey(name, parent);
  const request = new tls.CertRequest(name, { privateKeyPem: key.privateKeyPem, subject, dnsNames }, { parent });
  const signed = new tls.LocallySignedCert(
    name,
    {
      caPrivateKeyPem: by.key.privateKeyPem,
      caCertPem: by.certificate.certPem,
      certRequestPem: request.certRequestPem,
      allowedUses: ["digital_signature", ...[use].flat()],
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
