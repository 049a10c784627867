/** Hashes of structured inputs: one names the stored object, the other is what caching compares. */
import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { type Inputs, InputsSchema } from "../../../gen/flyteidl2/task/common_pb.js";

/** @returns hexadecimal SHA-256 of the bytes as they are stored. */
export function contentHash(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** @returns base64 SHA-256 of the inputs that count for caching, whatever order they were given in. */
export function inputsHash({ literals }: Pick<Inputs, "literals">, ignored: readonly string[]): string {
  const counted = literals
    .filter(({ name }) => !ignored.includes(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const bytes = toBinary(InputsSchema, create(InputsSchema, { literals: counted }));
  return createHash("sha256").update(bytes).digest("base64");
}
