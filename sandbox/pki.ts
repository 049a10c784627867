/** The local run's certificate authority and the leaves under it; ECDSA P-256, valid for a year. */
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import type { Paths } from "./paths.ts";

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const yearMs = 365 * 24 * 3600 * 1000;

export interface KeyPairFiles {
  certificate: string;
  /** PKCS#8 PEM, mode 0600. */
  key: string;
}

export interface LeafSpec {
  /** File name under the pki folder, and default common name. */
  name: string;
  commonName?: string;
  organization?: string;
  dns?: string[];
  addresses?: string[];
  /** Name of the authority that signs. @default "ca", which everything here trusts */
  authority?: string;
}

/** @returns the authority's files; of the one named `ca`, `certificate` is what clients trust (`caFile`). */
export async function ensureAuthority(paths: Paths, name = "ca"): Promise<KeyPairFiles> {
  const files = filesOf(paths, name);
  if (existsSync(files.certificate)) return files;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(name === "ca" ? "Biplane local authority" : `Biplane ${name}`),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await writePair(paths, files, certificate, keys.privateKey);
  return files;
}

/** A certificate for servers and clients alike, signed by the authority. */
export async function ensureLeaf(paths: Paths, spec: LeafSpec): Promise<KeyPairFiles> {
  const files = filesOf(paths, spec.name);
  if (existsSync(files.certificate)) return files;
  const authority = await ensureAuthority(paths, spec.authority);
  const issuer = new x509.X509Certificate(readFileSync(authority.certificate, "utf8"));
  const signingKey = await webcrypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(readFileSync(authority.key, "utf8")),
    algorithm,
    false,
    ["sign"],
  );
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const alternatives: x509.JsonGeneralNames = [
    ...(spec.dns ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(spec.addresses ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(spec.commonName ?? spec.name, spec.organization),
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await writePair(paths, files, certificate, keys.privateKey);
  return files;
}

function filesOf(paths: Paths, name: string): KeyPairFiles {
  return { certificate: join(paths.pki, `${name}.crt`), key: join(paths.pki, `${name}.key`) };
}

function common(commonName: string, organization?: string) {
  const subject: x509.JsonName = [{ CN: [commonName] }, ...(organization ? [{ O: [organization] }] : [])];
  const now = Date.now();
  return {
    serialNumber: randomBytes(12).toString("hex"),
    subject: new x509.Name(subject).toString(),
    name: new x509.Name(subject).toString(),
    notBefore: new Date(now - 3600_000),
    notAfter: new Date(now + yearMs),
  };
}

/** The certificate is written last and by rename: where it exists, its key does too. */
async function writePair(
  paths: Paths,
  files: KeyPairFiles,
  certificate: x509.X509Certificate,
  key: webcrypto.CryptoKey,
) {
  mkdirSync(paths.pki, { recursive: true, mode: 0o700 });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", key);
  writeFileSync(files.key, `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`, { mode: 0o600 });
  writeFileSync(`${files.certificate}.new`, `${certificate.toString("pem")}\n`);
  renameSync(`${files.certificate}.new`, files.certificate);
}
