/** Package cloudflare. */
import { readFileSync } from "node:fs";
import type { DnsRecordArgs, OriginCaCertificateArgs } from "@pulumi/cloudflare";
import type { Unwrap } from "@pulumi/pulumi";
import type { Paths } from "../../paths.ts";
import { ensureAuthority } from "../../pki.ts";
import { define, type Package, properties, type Types } from "../machine/resource.ts";
import { issue, readCertificate, signingKey } from "../tls/certificates.ts";
import { tunnelInvokes, tunnelTypes } from "./tunnels.ts";
import { idOf, zoneStore } from "./zone.ts";
import { documentTypes } from "./zone-documents.ts";

type RecordInputs = Unwrap<DnsRecordArgs> & object;
type CertificateInputs = Unwrap<OriginCaCertificateArgs> & object;

export function cloudflarePackage(paths: Paths): Package {
  const zone = zoneStore(paths);
  const types: Types = {
    ...documentTypes(zone),
    ...tunnelTypes(zone),
    "cloudflare:index/dnsRecord:DnsRecord": define<RecordInputs>({
      required: ["zoneId", "name", "type", "ttl"],
      defaults: { proxied: false },
      replaceOn: ["zoneId", "name", "type"],
      sameIdentity: (olds, news) => olds.name === news.name && olds.type === news.type,
      async create(inputs) {
        const id = idOf(inputs.zoneId, inputs.name, inputs.type);
        zone.put("records", id, properties(inputs));
        return id;
      },
      async read(id) {
        const held = zone.get("records", id.split("/").at(-1) ?? id);
        return held && { inputs: held, outputs: { proxiable: true } };
      },
      async update(id, inputs) {
        zone.put("records", id, properties(inputs));
      },
      async delete(id) {
        zone.remove("records", id);
      },
    }),

    "cloudflare:index/originCaCertificate:OriginCaCertificate": define<CertificateInputs>({
      required: ["csr", "hostnames", "requestType"],
      async create(inputs) {
        const authority = await ensureAuthority(paths);
        const certificate = await issue({
          request: inputs.csr ?? "",
          issuer: readCertificate(readFileSync(authority.certificate, "utf8")),
          signingKey: await signingKey(readFileSync(authority.key, "utf8")),
          dnsNames: inputs.hostnames ?? [],
          uses: ["digital_signature", "server_auth"],
          hours: (inputs.requestedValidity ?? 5475) * 24,
        });
        const { serialNumber: id, notAfter } = readCertificate(certificate);
        zone.put("certificates", id, { ...properties(inputs), certificate, expiresOn: notAfter.toISOString() });
        return id;
      },
      async read(id) {
        const { certificate, expiresOn, ...inputs } = zone.get("certificates", id) ?? {};
        return certificate ? { inputs, outputs: properties({ certificate, expiresOn }) } : undefined;
      },
      async delete(id) {
        zone.remove("certificates", id);
      },
    }),
  };
  return {
    name: "cloudflare",
    version: "6.22.1",
    table: "sandbox/providers/cloudflare/",
    typeOf: (token) => types[token],
    invokes: tunnelInvokes(zone),
  };
}
