/** X.509 for the packages tls and cloudflare: ECDSA P-256 throughout. */
import "reflect-metadata";
import { createPrivateKey, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { UserError } from "../../../shared/errors.ts";

x509.cryptoProvider.set(webcrypto);

export const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

const subjectAlternativeName = "2.5.29.17";

const keyUses: Record<string, number> = {
  cert_signing: x509.KeyUsageFlags.keyCertSign,
  content_commitment: x509.KeyUsageFlags.nonRepudiation,
  crl_signing: x509.KeyUsageFlags.cRLSign,
  data_encipherment: x509.KeyUsageFlags.dataEncipherment,
  digital_signature: x509.KeyUsageFlags.digitalSignature,
  key_agreement: x509.KeyUsageFlags.keyAgreement,
  key_encipherment: x509.KeyUsageFlags.keyEncipherment,
};

const extendedUses: Record<string, string> = {
  client_auth: x509.ExtendedKeyUsage.clientAuth,
  code_signing: x509.ExtendedKeyUsage.codeSigning,
  server_auth: x509.ExtendedKeyUsage.serverAuth,
};

/** @param pem SEC1 or PKCS#8 */
export async function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  const pkcs8 = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
}

export async function keyPair(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const privateKey = await signingKey(pem);
  const jwk = createPrivateKey(pem).export({ format: "jwk" });
  const publicPart = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y };
  const publicKey = await webcrypto.subtle.importKey("jwk", publicPart, algorithm, true, ["verify"]);
  return { privateKey, publicKey };
}

export interface Subject {
  commonName?: string;
  organization?: string;
  organizationalUnit?: string;
}

export function subjectName({ commonName, organization, organizationalUnit }: Subject = {}): string {
  const parts: x509.JsonName = [];
  if (commonName) parts.push({ CN: [commonName] });
  if (organization) parts.push({ O: [organization] });
  if (organizationalUnit) parts.push({ OU: [organizationalUnit] });
  return new x509.Name(parts).toString();
}

export function alternativeNames(dnsNames: string[], addresses: string[] = []): x509.Extension[] {
  const names: x509.JsonGeneralNames = [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...addresses.map((value) => ({ type: "ip" as const, value })),
  ];
  return names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [];
}

export function readCertificate(pem: string): x509.X509Certificate {
  return new x509.X509Certificate(pem);
}

export interface CertificateSpec {
  /** PEM of a PKCS#10 request; its own signature is verified. */
  request: string;
  issuer: x509.X509Certificate;
  signingKey: webcrypto.CryptoKey;
  /** @default those of the request */
  dnsNames?: string[];
  uses: readonly string[];
  hours: number;
  isCa?: boolean;
}

/** @returns the certificate as PEM */
export async function issue(spec: CertificateSpec): Promise<string> {
  const request = new x509.Pkcs10CertificateRequest(spec.request);
  if (!(await request.verify())) throw new UserError("the certificate request is not signed by its own key");
  const asked = request.extensions.find(({ type }) => type === subjectAlternativeName);
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(spec.hours),
    subject: request.subject,
    issuer: spec.issuer.subject,
    publicKey: request.publicKey,
    signingKey: spec.signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      ...usage(spec.uses, spec.isCa ?? false),
      ...(spec.dnsNames ? alternativeNames(spec.dnsNames) : asked ? [asked] : []),
      await x509.AuthorityKeyIdentifierExtension.create(spec.issuer.publicKey),
    ],
  });
  return pem(certificate);
}

export function usage(uses: readonly string[], isCa: boolean): x509.Extension[] {
  const unknown = uses.find((use) => !(use in keyUses) && !(use in extendedUses));
  if (unknown) throw new UserError(`use ${unknown} of a certificate is not known; allowed: ${knownUses()}`);
  const flags = uses.reduce((sum, use) => sum | (keyUses[use] ?? 0), 0);
  const extended = uses.flatMap((use) => extendedUses[use] ?? []);
  return [
    new x509.BasicConstraintsExtension(isCa, undefined, true),
    ...(flags > 0 ? [new x509.KeyUsagesExtension(flags, true)] : []),
    ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
  ];
}

export function validity(hours: number) {
  const now = Date.now();
  return {
    // Positive, as RFC 5280 wants it.
    serialNumber: `00${randomBytes(15).toString("hex")}`,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + hours * 3_600_000),
  };
}

export function pem(certificate: { toString(format: "pem"): string }): string {
  return `${certificate.toString("pem")}\n`;
}

function knownUses(): string {
  return [...Object.keys(keyUses), ...Object.keys(extendedUses)].join(", ");
}
