import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import type { Made } from "../machine/resource.ts";
import type { Properties } from "../machine/values.ts";
import { tlsPackage } from "./index.ts";

const pkg = tlsPackage();

async function make(name: string, inputs: Properties): Promise<Record<string, string>> {
  const token = `tls:index/${name.charAt(0).toLowerCase()}${name.slice(1)}:${name}`;
  const made = await pkg.typeOf(token)?.create(inputs, { urn: "u", signal: AbortSignal.timeout(5000) });
  return (made as Made).outputs as Record<string, string>;
}

const newKey = () => make("PrivateKey", { algorithm: "ECDSA", ecdsaCurve: "P256" });

test("an authority signs a request: names of the request, times and uses as asked", async () => {
  const [authorityKey, serverKey] = [await newKey(), await newKey()];
  const authority = await make("SelfSignedCert", {
    privateKeyPem: authorityKey.privateKeyPem,
    isCaCertificate: true,
    subject: { commonName: "clusters", organization: "biplane" },
    allowedUses: ["cert_signing", "crl_signing"],
    validityPeriodHours: 100,
    setSubjectKeyId: true,
  });
  const request = await make("CertRequest", {
    privateKeyPem: serverKey.privateKeyPemPkcs8,
    subject: { commonName: "relay" },
    dnsNames: ["relay.example.com"],
  });
  const signed = await make("LocallySignedCert", {
    caPrivateKeyPem: authorityKey.privateKeyPemPkcs8,
    caCertPem: authority.certPem,
    certRequestPem: request.certRequestPem,
    allowedUses: ["digital_signature", "server_auth"],
    validityPeriodHours: 48,
  });
  const [root, leaf] = [new X509Certificate(authority.certPem ?? ""), new X509Certificate(signed.certPem ?? "")];
  expect(root.ca).toBe(true);
  expect(root.subject).toBe("CN=clusters\nO=biplane");
  expect(leaf.ca).toBe(false);
  expect(leaf.verify(root.publicKey)).toBe(true);
  expect(leaf.checkIssued(root)).toBe(true);
  expect(leaf.subjectAltName).toBe("DNS:relay.example.com");
  expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(leaf.checkPrivateKey(createPrivateKey(serverKey.privateKeyPem ?? ""))).toBe(true);
  const hours = (Date.parse(leaf.validTo) - Date.now()) / 3_600_000;
  expect(hours).toBeCloseTo(48, 1);
});

test("a key is given as SEC1 and as PKCS#8, and is the same key", async () => {
  const key = await newKey();
  expect(key.privateKeyPem).toContain("BEGIN EC PRIVATE KEY");
  const [sec1, pkcs8] = [createPrivateKey(key.privateKeyPem ?? ""), createPrivateKey(key.privateKeyPemPkcs8 ?? "")];
  expect(sec1.equals(pkcs8)).toBe(true);
});

test("a curve or a use that is not known is refused by name", async () => {
  await expect(make("PrivateKey", { algorithm: "RSA" })).rejects.toThrow("RSA P224");
  const { privateKeyPem } = await newKey();
  const inputs = { privateKeyPem, subject: {}, allowedUses: ["world_domination"], validityPeriodHours: 1 };
  await expect(make("SelfSignedCert", inputs)).rejects.toThrow("world_domination");
});
