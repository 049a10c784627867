import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  ErrorDocumentSchema,
  ContainerError_Kind as Kind,
  ExecutionError_ErrorKind as Origin,
} from "../../../gen/flyteidl2/core/execution_pb.js";
import type { ObjectReader } from "../objectstore/store.ts";
import { readError, storedResults } from "./results.ts";

const document = (error: object) => toBinary(ErrorDocumentSchema, create(ErrorDocumentSchema, { error }));

describe("readError", () => {
  it("reads what the client's runtime writes", () => {
    const error = { code: "ValueError", message: "Traceback …", kind: Kind.RECOVERABLE, origin: Origin.USER };
    expect(readError(document(error))).toEqual({
      code: "ValueError",
      message: "Traceback …",
      kind: "USER",
      recoverable: true,
    });
  });

  it.each([
    [Origin.SYSTEM, "SYSTEM"],
    [Origin.USER, "USER"],
    [Origin.UNKNOWN, "USER"],
  ])("takes origin %d as %s", (origin, kind) => expect(readError(document({ origin })).kind).toBe(kind));

  it("takes a document that cannot be read, or is empty, as an error all the same", () => {
    for (const bytes of [new Uint8Array([0xff, 0xff]), new Uint8Array()]) {
      expect(readError(bytes)).toMatchObject({ code: "UnreadableError", recoverable: false });
    }
  });

  it("cuts a very long text in its middle, where neither the task nor the error is named", () => {
    const message = `first line ${"x".repeat(200_000)} last line`;
    const cut = readError(document({ message })).message;
    expect(cut.length).toBeLessThan(70_000);
    expect([cut.startsWith("first line"), cut.endsWith("last line")]).toEqual([true, true]);
  });
});

describe("an attempt's results", () => {
  const held = (objects: Record<string, Uint8Array | { tooLarge: number }>): ObjectReader => ({
    get: async ({ bucket, key }) => objects[`${bucket}/${key}`],
    has: async ({ bucket, key }) => objects[`${bucket}/${key}`] !== undefined,
  });
  const written = document({ code: "ValueError", message: "no", kind: Kind.NON_RECOVERABLE, origin: Origin.USER });

  it("are read beneath the folder, with the scheme of the plane's store", async () => {
    const store = held({ "acme-metadata/acme/r/a0/1/outputs.pb": new Uint8Array() });
    expect(await storedResults(store, "gs").read("gs://acme-metadata/acme/r/a0/1/")).toEqual({ outputs: true });
    await expect(storedResults(store, "s3").read("gs://acme-metadata/acme/r/a0/1")).rejects.toThrow(/not s3:/);
  });

  it("are an error where one was written, also one that is too large to be read", async () => {
    const error = { code: "ValueError", message: "no", kind: "USER", recoverable: false };
    const one = storedResults(held({ "b/r/error.pb": written }), "gs");
    expect(await one.read("gs://b/r")).toEqual({ outputs: false, error });
    const large = storedResults(held({ "b/r/error.pb": { tooLarge: 1e9 } }), "gs");
    expect((await large.read("gs://b/r")).error?.code).toBe("UnreadableError");
  });
});
