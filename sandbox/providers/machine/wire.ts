/** Between the engine's property structs and our values. Signatures: pulumi/pulumi sdk/go/common/resource/sig. */
import { createRequire } from "node:module";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { isProperties, mapProperties, type Properties, Secret, Unknown, unknownValue, type Value } from "./values.ts";

// Pulumi's own copy: a message of another copy is not an instance of the class that serializes it.
const requireFromPulumi = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi"));
const structs = requireFromPulumi(
  "google-protobuf/google/protobuf/struct_pb.js",
) as typeof import("google-protobuf/google/protobuf/struct_pb.js");

const { Empty } = requireFromPulumi("google-protobuf/google/protobuf/empty_pb.js") as { Empty: new () => object };

export function emptyMessage(): object {
  return new Empty();
}

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** One marker for each kind of value that is unknown; we never answer any but the first. */
const unknowns = new Set([
  unknownText,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

type Json = Parameters<typeof structs.Struct.fromJavaScript>[0];

export function decode(struct: Struct | undefined): Properties {
  return struct ? mapProperties(struct.toJavaScript() as Properties, decodeValue) : {};
}

export function encode(properties: Properties): Struct {
  return structs.Struct.fromJavaScript(mapProperties(properties, encodeValue) as Json);
}

/** Assets, archives and references keep their signed form: no type here looks inside them. */
function decodeValue(value: Value): Value {
  if (typeof value === "string") return unknowns.has(value) ? unknownValue : value;
  if (Array.isArray(value)) return value.map(decodeValue);
  if (!isProperties(value)) return value;
  if (value[signature] === secretSignature) return new Secret(decodeValue(value.value ?? null));
  return mapProperties(value, decodeValue);
}

function encodeValue(value: Value): Value {
  if (value instanceof Unknown) return unknownText;
  if (value instanceof Secret) return { [signature]: secretSignature, value: encodeValue(value.value) };
  if (Array.isArray(value)) return value.map(encodeValue);
  return isProperties(value) ? mapProperties(value, encodeValue) : value;
}

/** Inputs as they rest in the state file, where secrets are encrypted: those are null here. */
export function fromState(inputs: object): Properties {
  return mapProperties(inputs as Properties, decodeValue);
}
