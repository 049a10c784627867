/** What a zone is configured with beside its records: kept as it was given, since nothing here enforces it. */
import type {
  AuthenticatedOriginPullsArgs,
  AuthenticatedOriginPullsHostnameCertificateArgs,
  CertificatePackArgs,
  RulesetArgs,
  ZoneSettingArgs,
} from "@pulumi/cloudflare";
import type { Unwrap } from "@pulumi/pulumi";
import { define, properties, type ResourceType, type Types } from "../machine/resource.ts";
import { readCertificate } from "../tls/certificates.ts";
import { idOf, type ZoneStore } from "./zone.ts";

type Plain<Args> = Unwrap<Args> & object;

export const documentTypes = (zone: ZoneStore): Types => ({
  // The service has a value for each setting always; here one that nobody sets is not there.
  "cloudflare:index/zoneSetting:ZoneSetting": document<Plain<ZoneSettingArgs>>(zone, {
    required: ["zoneId", "settingId", "value"],
    replaceOn: ["zoneId", "settingId"],
    identity: ({ zoneId, settingId }) => ["setting", zoneId, settingId],
    outputs: () => ({ editable: true }),
  }),

  // A zone has one list of rules a phase.
  "cloudflare:index/ruleset:Ruleset": document<Plain<RulesetArgs>>(zone, {
    required: ["kind", "name", "phase"],
    replaceOn: ["zoneId", "accountId", "kind", "phase"],
    identity: ({ zoneId, phase }) => ["ruleset", zoneId ?? "", phase],
    outputs: () => ({ version: "1" }),
  }),

  // The edge here shows a certificate of the sandbox's authority for all of its names.
  "cloudflare:index/certificatePack:CertificatePack": document<Plain<CertificatePackArgs>>(zone, {
    required: ["zoneId", "type", "hosts", "certificateAuthority", "validationMethod", "validityDays"],
    replaceOn: ["zoneId", "type", "hosts", "certificateAuthority", "validationMethod", "validityDays"],
    identity: ({ zoneId, hosts }) => ["certificate-pack", zoneId, ...(hosts ?? []).map(String)],
    outputs: () => ({ status: "active" }),
  }),

  "cloudflare:index/authenticatedOriginPulls:AuthenticatedOriginPulls": document<Plain<AuthenticatedOriginPullsArgs>>(
    zone,
    {
      required: ["zoneId", "configs"],
      replaceOn: ["zoneId"],
      identity: ({ zoneId, configs }) => ["pulls", zoneId, ...configs.map(({ hostname }) => hostname ?? "")],
      outputs: ({ configs }) => ({ enabled: configs.every(({ enabled }) => enabled) }),
    },
  ),

  "cloudflare:index/authenticatedOriginPullsHostnameCertificate:AuthenticatedOriginPullsHostnameCertificate": define<
    Plain<AuthenticatedOriginPullsHostnameCertificateArgs>
  >({
    required: ["zoneId", "certificate", "privateKey"],
    secrets: ["privateKey"],
    async create({ zoneId, certificate, privateKey }) {
      const read = readCertificate(certificate);
      const { serialNumber: id } = read;
      zone.putKey(id, certificate, privateKey);
      zone.put("documents", id, { kind: "origin-pull", zoneId, certificate, expiresOn: read.notAfter.toISOString() });
      return id;
    },
    async read(id, _call, last) {
      const { certificate, zoneId, expiresOn } = zone.get("documents", id) ?? {};
      if (!certificate) return undefined;
      // As the service: the key goes in and never comes out again.
      const inputs = { zoneId, certificate, privateKey: last.privateKey };
      return { inputs: properties(inputs), outputs: properties({ expiresOn, serialNumber: id, status: "active" }) };
    },
    async delete(id) {
      zone.remove("documents", id);
      zone.removeKey(id);
    },
  }),
});

interface Document<Inputs extends object> {
  required: readonly (keyof Inputs & string)[];
  replaceOn: readonly string[];
  /** The same object always has the same id, so that making it twice makes it once. */
  identity(inputs: Inputs): string[];
  outputs(inputs: Inputs): object;
}

function document<Inputs extends object>(zone: ZoneStore, kind: Document<Inputs>): ResourceType {
  const idFor = (inputs: Inputs) => idOf(...kind.identity(inputs));
  const put = (id: string, inputs: Inputs) =>
    zone.put("documents", id, { kind: kind.identity(inputs)[0], inputs: properties(inputs) });
  return define<Inputs>({
    required: kind.required,
    replaceOn: kind.replaceOn as readonly (keyof Inputs & string)[],
    sameIdentity: (olds, news) => idFor(olds as Inputs) === idFor(news as Inputs),
    async create(inputs) {
      put(idFor(inputs), inputs);
      return idFor(inputs);
    },
    async read(id) {
      const held = zone.get("documents", id.split("/").at(-1) ?? id)?.inputs;
      if (typeof held !== "object" || held === null) return undefined;
      const inputs = held as Inputs;
      return { inputs: properties(inputs), outputs: properties(kind.outputs(inputs)) };
    },
    async update(id, inputs) {
      put(id, inputs);
    },
    async delete(id) {
      zone.remove("documents", id);
    },
  });
}
