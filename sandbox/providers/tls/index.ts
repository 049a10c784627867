/** Package tls: keys, requests and certificates that live in the stack's state alone. */
import "reflect-metadata";
import { createHash, generateKeyPairSync } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Unwrap } from "@pulumi/pulumi";
import type { CertRequestArgs, LocallySignedCertArgs, PrivateKeyArgs, SelfSignedCertArgs } from "@pulumi/tls";
import { refusal } from "../../../shared/errors.ts";
import { define, type Made, type Package, type Types } from "../machine/resource.ts";
import {
  algorithm,
  alternativeNames,
  issue,
  keyPair,
  pem,
  readCertificate,
  signingKey,
  subjectName,
  usage,
  validity,
} from "./certificates.ts";

type Plain<Args> = Unwrap<Args> & object;

/** A certificate is never changed, and needs no one to remove it. */
const certificate = { delete: async () => {}, secrets: ["privateKeyPem", "caPrivateKeyPem"] };

const types: Types = {
  "tls:index/privateKey:PrivateKey": define<Plain<PrivateKeyArgs>>({
    required: ["algorithm"],
    secrets: ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"],
    async create(inputs) {
      const curve = inputs.ecdsaCurve ?? "P224";
      const asked = `${inputs.algorithm} ${curve}`;
      if (asked !== "ECDSA P256")
        throw refusal({ subject: "tls.PrivateKey", value: asked, allowed: "ECDSA with curve P256" });
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const publicDer = publicKey.export({ type: "spki", format: "der" });
      return {
        id: createHash("sha1").update(publicDer).digest("hex"),
        outputs: {
          privateKeyPem: String(privateKey.export({ type: "sec1", format: "pem" })),
          privateKeyPemPkcs8: String(privateKey.export({ type: "pkcs8", format: "pem" })),
          publicKeyPem: String(publicKey.export({ type: "spki", format: "pem" })),
        },
      };
    },
    async delete() {},
  }),

  "tls:index/certRequest:CertRequest": define<Plain<CertRequestArgs>>({
    ...certificate,
    required: ["privateKeyPem"],
    async create(inputs) {
      const request = await x509.Pkcs10CertificateRequestGenerator.create({
        name: subjectName(inputs.subject),
        keys: await keyPair(inputs.privateKeyPem ?? ""),
        signingAlgorithm: algorithm,
        extensions: alternativeNames(inputs.dnsNames ?? [], inputs.ipAddresses),
      });
      return made(pem(request), { certRequestPem: pem(request), keyAlgorithm: "ECDSA" });
    },
  }),

  "tls:index/selfSignedCert:SelfSignedCert": define<Plain<SelfSignedCertArgs>>({
    ...certificate,
    required: ["privateKeyPem", "allowedUses", "validityPeriodHours"],
    async create(inputs) {
      const keys = await keyPair(inputs.privateKeyPem ?? "");
      const made509 = await x509.X509CertificateGenerator.createSelfSigned({
        ...validity(inputs.validityPeriodHours),
        name: subjectName(inputs.subject),
        keys,
        signingAlgorithm: algorithm,
        extensions: [
          ...usage(inputs.allowedUses, inputs.isCaCertificate ?? false),
          ...alternativeNames(inputs.dnsNames ?? [], inputs.ipAddresses),
          ...(inputs.setSubjectKeyId ? [await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)] : []),
        ],
      });
      return signed(pem(made509));
    },
  }),

  "tls:index/locallySignedCert:LocallySignedCert": define<Plain<LocallySignedCertArgs>>({
    ...certificate,
    required: ["caCertPem", "caPrivateKeyPem", "certRequestPem", "allowedUses", "validityPeriodHours"],
    async create(inputs) {
      const certPem = await issue({
        request: inputs.certRequestPem,
        issuer: readCertificate(inputs.caCertPem),
        signingKey: await signingKey(inputs.caPrivateKeyPem ?? ""),
        uses: inputs.allowedUses,
        hours: inputs.validityPeriodHours,
        isCa: inputs.isCaCertificate,
      });
      return signed(certPem);
    },
  }),
};

export function tlsPackage(): Package {
  return {
    name: "tls",
    version: "5.6.1",
    table: "sandbox/providers/tls/index.ts",
    typeOf: (token) => types[token],
    invokes: {},
  };
}

function signed(certPem: string): Made {
  const { notBefore, notAfter } = readCertificate(certPem);
  const times = { validityStartTime: notBefore.toISOString(), validityEndTime: notAfter.toISOString() };
  return made(certPem, { certPem, keyAlgorithm: "ECDSA", readyForRenewal: false, ...times });
}

function made(text: string, outputs: Made["outputs"]): Made {
  return { id: createHash("sha1").update(text).digest("hex"), outputs };
}
