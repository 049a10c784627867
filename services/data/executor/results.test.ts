import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  ErrorDocumentSchema,
  ContainerError_Kind as Kind,
  ExecutionError_ErrorKind as Origin,
} from "../../../gen/flyteidl2/core/execution_pb.js";
import { readError } from "./results.ts";

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
