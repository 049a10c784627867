/**
 * One run as one file: what was read, each part under the name of its content, and a signed manifest that names the
 * parts, the report's digest too. Change a byte anywhere and it is refused, with the part that it was in.
 */
import { type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { UserError } from "../../shared/errors.ts";
import type { Collected } from "../facts.ts";
import { exitCodes } from "../outcome.ts";
import type { Recording } from "../recording.ts";
import type { Report } from "../report/result.ts";
import { canonical, sha256 } from "./canonical.ts";
import { encodePublicKey, keyName, publicKeyFrom } from "./keys.ts";
import { withoutWays } from "./ways.ts";

const format = "biplane-verify-bundle/1";
const digest = z.string().regex(/^[0-9a-f]{64}$/);

const bundleSchema = z.strictObject({
  format: z.literal(format),
  manifest: z.string().describe("JSON; the signature is over these very bytes"),
  objects: z.record(digest, z.string()).describe("SHA-256 of each text → the text, JSON"),
  signature: z.strictObject({ algorithm: z.literal("ed25519"), publicKey: z.base64(), value: z.base64() }),
});

const factSchema = z.union([
  z.strictObject({ request: z.string(), read: z.literal(true), value: digest }),
  z.strictObject({ request: z.string(), read: z.literal(false), reason: z.string() }),
]);

const manifestSchema = z.strictObject({
  commit: z.string(),
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  targets: digest,
  facts: z.record(z.string(), factSchema),
  documentedCommands: digest,
  limits: digest,
  standIns: digest.optional().describe("Absent from bundles that were made before it was told"),
  waivers: digest,
  selection: digest,
  report: digest.describe("Of the report's canonical JSON"),
});

/** The two schemas of the file, for publication. */
export const bundleSchemas = { bundle: bundleSchema, manifest: manifestSchema };

/** @returns the file's text */
export function sealBundle(recording: Recording, report: Report, key: KeyObject): string {
  const objects: Record<string, string> = {};
  const keep = (value: unknown): string => {
    const text = canonical(value);
    const name = sha256(text);
    objects[name] = text;
    return name;
  };
  const facts = Object.entries(recording.collected).map(([name, fact]) => [
    name,
    fact.read ? { request: fact.request, read: true, value: keep(fact.value) } : { ...fact },
  ]);
  const { commit, startedAt, seconds, documentedCommands, limits, standIns, waivers, selection } = recording;
  const manifest = canonical({
    ...{ commit, startedAt, seconds, facts: Object.fromEntries(facts) },
    targets: keep(withoutWays(recording.targets)),
    documentedCommands: keep(documentedCommands),
    limits: keep(limits),
    standIns: keep(standIns),
    waivers: keep(waivers),
    selection: keep(selection),
    report: sha256(canonical(report)),
  } satisfies z.input<typeof manifestSchema>);
  const value = sign(null, Buffer.from(manifest), key).toString("base64");
  const signature = { algorithm: "ed25519", publicKey: encodePublicKey(key), value } as const;
  return `${canonical({ format, manifest, objects, signature } satisfies z.input<typeof bundleSchema>)}\n`;
}

export interface Opened {
  recording: Recording;
  /** Digest of the report that was made of it then. */
  report: string;
  /** Name of the key that signed it. */
  signer: string;
  /** Name of the bundle: its manifest's digest. */
  name: string;
}

/**
 * @param signer whose signature is asked for; when absent, whoever signed it is only named
 * @throws UserError with exit code 4, naming what is not as it was signed
 */
export function openBundle(text: string, path: string, signer?: KeyObject): Opened {
  const invalid = (what: string) => new UserError(`bundle ${path}: ${what}`, { exitCode: exitCodes.bundleInvalid });
  const bundle = parseAs(bundleSchema, text, (problem) => invalid(`is not a ${format}: ${problem}`));
  const { publicKey, value } = bundle.signature;
  const by = keyName(publicKey);
  if (signer && encodePublicKey(signer) !== publicKey) {
    throw invalid(`signed by ${by}, asked for was ${keyName(encodePublicKey(signer))}`);
  }
  if (!isSigned(bundle.manifest, publicKey, value)) throw invalid("the signature does not fit the manifest");
  for (const [name, content] of Object.entries(bundle.objects)) {
    if (sha256(content) !== name) throw invalid(`object ${name} was changed`);
  }
  const manifest = parseAs(manifestSchema, bundle.manifest, (problem) => invalid(`manifest: ${problem}`));
  const used = new Set<string>();
  const get = (name: string, what: string): unknown => {
    const content = bundle.objects[name];
    if (content === undefined) throw invalid(`object ${name} (${what}) is missing`);
    used.add(name);
    return JSON.parse(content);
  };
  const collected = Object.fromEntries(
    Object.entries(manifest.facts).map(([name, fact]) => [
      name,
      fact.read ? { ...fact, value: get(fact.value, `fact ${name}`) } : fact,
    ]),
  ) as Partial<Collected>;
  const { commit, startedAt, seconds } = manifest;
  const recording: Recording = {
    ...{ commit, startedAt, seconds, collected },
    // Bytes that this key signed are what `sealBundle` wrote, whose types these are.
    targets: get(manifest.targets, "targets") as Recording["targets"],
    documentedCommands: get(manifest.documentedCommands, "documented commands") as Recording["documentedCommands"],
    limits: get(manifest.limits, "limits") as Recording["limits"],
    standIns: manifest.standIns ? (get(manifest.standIns, "stand-ins") as Recording["standIns"]) : [],
    waivers: get(manifest.waivers, "waivers") as Recording["waivers"],
    selection: get(manifest.selection, "selection") as Recording["selection"],
  };
  const stray = Object.keys(bundle.objects).find((name) => !used.has(name));
  if (stray) throw invalid(`object ${stray} is not in the manifest`);
  return { recording, report: manifest.report, signer: by, name: sha256(bundle.manifest) };
}

function isSigned(manifest: string, publicKey: string, value: string): boolean {
  try {
    return verify(null, Buffer.from(manifest), publicKeyFrom(publicKey), Buffer.from(value, "base64"));
  } catch {
    // A public key that is none signs nothing.
    return false;
  }
}

function parseAs<T>(schema: z.ZodType<T>, text: string, refuse: (problem: string) => UserError): T {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw refuse("no JSON");
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw refuse(z.prettifyError(parsed.error));
  return parsed.data;
}
