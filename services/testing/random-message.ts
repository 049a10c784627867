/** Messages that a client could send and none would: every field by chance, what exists among what cannot. By a seed. */
import { create, type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";

/** @returns 0 up to, without, 1; the same numbers for the same seed (mulberry32). */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function oneOf<T>(random: Random, values: readonly T[]): T {
  const chosen = values[Math.floor(random() * values.length)];
  if (chosen === undefined) throw new Error("nothing to choose from");
  return chosen;
}

/** What exists in the world of the tests, so that some calls come far. */
const known = ["acme", "demo", "development", "hello", "a0", "v1", "env.hello", "admin", "viewer", "acme-viewer"];
const texts = [
  ...known,
  ...known,
  "",
  " ",
  "globex",
  "\0",
  "a\nb\r\n",
  "../../etc/passwd",
  "%00%2e%2e",
  "' or 1=1; drop table biplane.runs; --",
  "$1",
  "{{.input}}",
  "s3://metadata/acme/demo/development/inputs/0123",
  "s3://metadata/../globex/x",
  "https://169.254.169.254/latest",
  "constructor",
  "__proto__",
  "\u202egpj.exe",
  "e\u0301\uffff\u{1f4a5}",
  "x".repeat(300),
  "9".repeat(40),
  "-1",
  "2026-01-01T00:00:00Z",
];
const integers = [0, 1, 2, 3, 100, -1, 2_147_483_647, -2_147_483_648];
const longs = [0n, 1n, -1n, 1_000n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n];
const doubles = [0, -0, 1.5, -1, 1e308, Number.NaN, Number.POSITIVE_INFINITY];
const maxDepth = 6;

export function randomMessage(desc: DescMessage, random: Random, depth = 0): Message {
  const init: Record<string, unknown> = {};
  for (const member of desc.members) {
    if (random() < 0.25 + depth * 0.1) continue;
    if (member.kind === "oneof") {
      const field = oneOf(random, member.fields);
      init[member.localName] = { case: field.localName, value: valueFor(field, random, depth) };
    } else {
      const value = valueFor(member, random, depth);
      if (value !== undefined) init[member.localName] = value;
    }
  }
  return create(desc, init);
}

function valueFor(field: DescField, random: Random, depth: number): unknown {
  switch (field.fieldKind) {
    case "scalar":
      return scalar(field.scalar, random);
    case "enum":
      return anyEnum(random);
    case "message":
      return depth < maxDepth ? randomMessage(field.message, random, depth + 1) : create(field.message);
    case "list":
      return Array.from({ length: Math.floor(random() * 3) }, () => element(field, random, depth));
    case "map":
      return Object.fromEntries(
        Array.from({ length: Math.floor(random() * 3) }, () => [
          key(field.mapKey, random),
          element(field, random, depth),
        ]),
      );
  }
}

type Many = DescField & { fieldKind: "list" | "map" };

function element(field: Many, random: Random, depth: number): unknown {
  if (field.message) return depth < maxDepth ? randomMessage(field.message, random, depth + 1) : create(field.message);
  if (field.enum) return anyEnum(random);
  return scalar(field.scalar ?? ScalarType.STRING, random);
}

/** Known ones, and numbers that a newer client may know. */
const anyEnum = (random: Random) => oneOf(random, [0, 1, 2, 3, 4, 5, 77, 2_147_483_647]);

function key(type: ScalarType, random: Random): string {
  return type === ScalarType.STRING ? oneOf(random, texts).slice(0, 40) : String(oneOf(random, [0, 1, 7]));
}

function scalar(type: ScalarType, random: Random): unknown {
  switch (type) {
    case ScalarType.STRING:
      return oneOf(random, texts);
    case ScalarType.BOOL:
      return random() < 0.5;
    case ScalarType.BYTES:
      return randomBytes(random, Math.floor(random() * 64));
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return oneOf(random, type === ScalarType.FLOAT ? doubles.filter((one) => one !== 1e308) : doubles);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return oneOf(random, longs);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return oneOf(
        random,
        longs.filter((one) => one >= 0n),
      );
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return oneOf(
        random,
        integers.filter((one) => one >= 0),
      );
    default:
      return oneOf(random, integers);
  }
}

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}
