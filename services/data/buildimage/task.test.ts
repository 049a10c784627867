import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { type BuildResponse, BuildResponseSchema } from "../../../gen/biplane/images/v1/images_pb.js";
import {
  ContainerError_Kind,
  ErrorDocumentSchema,
  ExecutionError_ErrorKind,
} from "../../../gen/flyteidl2/core/execution_pb.js";
import { InputsSchema, OutputsSchema } from "../../../gen/flyteidl2/task/common_pb.js";
import { runBuildTask } from "./task.ts";

const text = (name: string, value: string) => ({
  name,
  value: {
    value: {
      case: "scalar" as const,
      value: { value: { case: "primitive" as const, value: { value: { case: "stringValue" as const, value } } } },
    },
  },
});

async function run(
  build: () => AsyncIterable<BuildResponse>,
  inputs = { spec: "s3://b/spec", context: "", target_image: "env:1" },
) {
  const written: Record<string, Uint8Array> = {};
  const printed: string[] = [];
  let asked: object = {};
  const literals = Object.entries(inputs).map(([name, value]) => text(name, value));
  const exitCode = await runBuildTask({
    inputsUri: "s3://m/in/inputs.pb",
    outputPrefix: "s3://m/out",
    objects: {
      read: async () => toBinary(InputsSchema, create(InputsSchema, { literals })),
      async write(uri, content) {
        written[uri] = content;
      },
      presign: async (uri) => `https://signed/${uri}`,
    },
    build(request) {
      asked = request;
      return build();
    },
    print: (line) => void printed.push(line),
  });
  return { exitCode, written, printed, asked };
}

const event = (value: object) => create(BuildResponseSchema, { event: value as never });

test("the log is told as it comes, and the image is the output, with its scan on record", async () => {
  const { exitCode, written, printed, asked } = await run(async function* () {
    yield event({ case: "log", value: "#1 building" });
    yield event({
      case: "image",
      value: {
        reference: "r/t@sha256:1",
        tag: "env-1",
        existed: false,
        scan: { status: "COMPLETE", severities: { HIGH: 2 } },
      },
    });
  });
  expect(exitCode).toBe(0);
  expect(asked).toEqual({ specUrl: "https://signed/s3://b/spec", contextUrl: "", targetImage: "env:1" });
  expect(printed).toEqual(["#1 building", 'scan of r/t@sha256:1: COMPLETE {"HIGH":2}']);
  const [output] = fromBinary(OutputsSchema, written["s3://m/out/outputs.pb"] ?? new Uint8Array()).literals;
  expect(output).toMatchObject(text("o0", "r/t@sha256:1"));
  expect(JSON.parse(Buffer.from(written["s3://m/out/image.json"] ?? "").toString())).toMatchObject({
    scan: { severities: { HIGH: 2 } },
  });
});

test.each([
  [Code.Aborted, "ImageBuildFailed", ContainerError_Kind.NON_RECOVERABLE, ExecutionError_ErrorKind.USER],
  [Code.InvalidArgument, "ImageBuildRefused", ContainerError_Kind.NON_RECOVERABLE, ExecutionError_ErrorKind.USER],
  [Code.Unavailable, "ImageBuilderUnavailable", ContainerError_Kind.RECOVERABLE, ExecutionError_ErrorKind.SYSTEM],
])("a build that ends with %s is told as %s", async (code, name, kind, origin) => {
  const { exitCode, written, printed } = await run(async function* () {
    yield event({ case: "log", value: "#1 building" });
    throw new ConnectError("why it was not built", code);
  });
  expect(exitCode).toBe(1);
  expect(printed.at(-1)).toBe("the image was not built: why it was not built");
  const { error } = fromBinary(ErrorDocumentSchema, written["s3://m/out/error.pb"] ?? new Uint8Array());
  expect(error).toMatchObject({ code: name, message: "why it was not built", kind, origin });
  expect(written["s3://m/out/outputs.pb"]).toBeUndefined();
});

test("a task without a specification is its caller's fault", async () => {
  const { exitCode, written } = await run(async function* () {}, { spec: "", context: "", target_image: "env:1" });
  expect(exitCode).toBe(1);
  const { error } = fromBinary(ErrorDocumentSchema, written["s3://m/out/error.pb"] ?? new Uint8Array());
  expect(error).toMatchObject({
    code: "ImageBuildRefused",
    message: expect.stringContaining("the input spec is missing"),
  });
});
