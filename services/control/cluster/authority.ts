/** The authority that makes compute planes known to the relay: signs their requests, for 24 hours each. */
import "reflect-metadata";
import { createPrivateKey, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { UserError } from "../../../shared/errors.ts";
import { clusterUri, serialOf } from "../../shared/cluster-identity.ts";
import { invalid } from "../../shared/errors.ts";

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const certificateLifetimeMs = 24 * 3600 * 1000;

export interface SignedCertificate {
  pem: string;
  /** As `serialOf` writes it. */
  serial: string;
  notAfter: Date;
}

export interface SigningRequest {
  /** SPKI, DER. */
  publicKey: Buffer;
  request: x509.Pkcs10CertificateRequest;
}

export interface ClusterAuthority {
  /** PEM. */
  certificate: string;
  /** A client certificate that names the cluster. The request's own subject is ignored. */
  sign(request: SigningRequest, org: string, cluster: string, now?: Date): Promise<SignedCertificate>;
}

/** @throws UserError where certificate and key are not a P-256 pair. */
export async function openAuthority(certificatePem: string, keyPem: string): Promise<ClusterAuthority> {
  const certificate = readCertificate(certificatePem);
  const signingKey = await importKey(keyPem);
  return {
    certificate: certificate.toString("pem"),
    async sign({ request }, org, cluster, now = new Date()) {
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: `00${randomBytes(15).toString("hex")}`,
        subject: new x509.Name([{ O: [org] }, { CN: [cluster] }]).toString(),
        issuer: certificate.subject,
        // Clocks of two planes are never quite alike.
        notBefore: new Date(now.getTime() - 5 * 60_000),
        notAfter: new Date(now.getTime() + certificateLifetimeMs),
        publicKey: await request.publicKey.export(),
        signingKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
          new x509.SubjectAlternativeNameExtension([{ type: "url", value: clusterUri(org, cluster) }]),
          await x509.AuthorityKeyIdentifierExtension.create(certificate.publicKey),
        ],
      });
      return { pem: leaf.toString("pem"), serial: serialOf(leaf.serialNumber), notAfter: leaf.notAfter };
    },
  };
}

/** @throws invalid_argument unless it is PKCS#10 in PEM, for a P-256 key, signed by that key. */
export async function readSigningRequest(pem: string): Promise<SigningRequest> {
  const refuse = () =>
    invalid({ subject: "certificate_request", allowed: "PKCS#10 in PEM, for a P-256 key, signed by that key" });
  if (pem.length > 16 * 1024) throw refuse();
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const { name, namedCurve } = request.publicKey.algorithm as { name: string; namedCurve?: string };
    if (name !== "ECDSA" || namedCurve !== "P-256" || !(await request.verify())) throw refuse();
    return { request, publicKey: Buffer.from(request.publicKey.rawData) };
  } catch (error) {
    throw Object.assign(refuse(), { cause: error });
  }
}

function readCertificate(pem: string): x509.X509Certificate {
  try {
    return new x509.X509Certificate(pem);
  } catch (error) {
    throw new UserError("CLUSTER_CA_CERT_FILE does not hold a certificate in PEM", { cause: error });
  }
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") {
      const der = key.export({ type: "pkcs8", format: "der" });
      return await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
    }
  } catch {
    // Refused below; the parser's own message is left out, since it could quote the key.
  }
  throw new UserError("CLUSTER_CA_KEY_FILE does not hold a P-256 private key in PEM");
}
