/** The task `build-image`: has the plane's builder build an image from what its caller has uploaded, and tells the log. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { BuildResponse, BuiltImage } from "../../../gen/biplane/images/v1/images_pb.js";
import {
  ContainerError_Kind,
  ErrorDocumentSchema,
  ExecutionError_ErrorKind,
} from "../../../gen/flyteidl2/core/execution_pb.js";
import { InputsSchema, OutputsSchema } from "../../../gen/flyteidl2/task/common_pb.js";
import { refusal, UserError } from "../../../shared/errors.ts";

/** Objects by s3:// URI, under the project's own role. */
export interface ProjectObjects {
  read(uri: string): Promise<Uint8Array>;
  write(uri: string, content: Uint8Array): Promise<void>;
  /** @returns a URL that reads the object for a while */
  presign(uri: string): Promise<string>;
}

export interface BuildTask {
  inputsUri: string;
  /** s3:// folder of the attempt. */
  outputPrefix: string;
  objects: ProjectObjects;
  build(request: { specUrl: string; contextUrl: string; targetImage: string }): AsyncIterable<BuildResponse>;
  print(line: string): void;
}

/** @returns the process's exit code; what went wrong is left where the client looks for errors */
export async function runBuildTask(task: BuildTask): Promise<number> {
  const { objects, outputPrefix, print } = task;
  try {
    const image = await built(task);
    const { reference, tag, existed, scan } = image;
    print(`scan of ${reference}: ${scan?.status ?? "NONE"} ${JSON.stringify(scan?.severities ?? {})}`);
    const record = { reference, tag, existed, scan: { status: scan?.status, severities: scan?.severities } };
    await objects.write(`${outputPrefix}/image.json`, Buffer.from(JSON.stringify(record)));
    await objects.write(`${outputPrefix}/outputs.pb`, outputsOf(reference));
    return 0;
  } catch (error) {
    const told = ConnectError.from(error);
    print(`the image was not built: ${told.rawMessage}`);
    await objects.write(`${outputPrefix}/error.pb`, errorOf(error, told));
    return 1;
  }
}

async function built(task: BuildTask): Promise<BuiltImage> {
  const { spec, context, target_image: targetImage } = inputsOf(await task.objects.read(task.inputsUri));
  const specUrl = await task.objects.presign(required("spec", spec));
  const contextUrl = context ? await task.objects.presign(context) : "";
  const asked = { specUrl, contextUrl, targetImage: required("target_image", targetImage) };
  let image: BuiltImage | undefined;
  for await (const { event } of task.build(asked)) {
    if (event.case === "log") task.print(event.value);
    if (event.case === "image") image = event.value;
  }
  if (!image) throw new ConnectError("the builder told of no image", Code.Unavailable);
  return image;
}

function inputsOf(bytes: Uint8Array): Record<string, string> {
  const { literals } = fromBinary(InputsSchema, bytes);
  const texts = literals.map(({ name, value }) => {
    const scalar = value?.value.case === "scalar" ? value.value.value.value : undefined;
    const primitive = scalar?.case === "primitive" ? scalar.value.value : undefined;
    return [name, primitive?.case === "stringValue" ? primitive.value : ""] as const;
  });
  return Object.fromEntries(texts);
}

function required(name: string, value: string | undefined): string {
  if (value) return value;
  throw refusal({ subject: `the input ${name}`, allowed: "what the client gives it with image.builder: remote" });
}

function outputsOf(reference: string): Uint8Array {
  const primitive = { value: { case: "stringValue" as const, value: reference } };
  const scalar = { value: { case: "primitive" as const, value: primitive } };
  const literals = [{ name: "o0", value: { value: { case: "scalar" as const, value: scalar } } }];
  return toBinary(OutputsSchema, create(OutputsSchema, { literals }));
}

/** What the caller must change is theirs; anything else is the platform's, and tried again. */
function errorOf(error: unknown, { code, rawMessage }: ConnectError): Uint8Array {
  const theirs = error instanceof UserError || code === Code.InvalidArgument || code === Code.Aborted;
  const document = create(ErrorDocumentSchema, {
    error: {
      code: code === Code.Aborted ? "ImageBuildFailed" : theirs ? "ImageBuildRefused" : "ImageBuilderUnavailable",
      message: rawMessage,
      kind: theirs ? ContainerError_Kind.NON_RECOVERABLE : ContainerError_Kind.RECOVERABLE,
      origin: theirs ? ExecutionError_ErrorKind.USER : ExecutionError_ErrorKind.SYSTEM,
    },
  });
  return toBinary(ErrorDocumentSchema, document);
}
