/** Reads what an attempt left in its output folder, under the executor's own role. */
import { fromBinary } from "@bufbuild/protobuf";
import {
  ContainerError_Kind,
  ErrorDocumentSchema,
  ExecutionError_ErrorKind,
} from "../../../gen/flyteidl2/core/execution_pb.js";
import { parseUri, type Scheme } from "../objectstore/keys.ts";
import type { ObjectReader } from "../objectstore/store.ts";
import type { Results } from "./outcome.ts";

export interface ResultStore {
  /** @param prefix folder of one attempt, as a URI. Throws when the store cannot be asked: not knowing is not failing. */
  read(prefix: string): Promise<Results>;
}

/** Kept of an error's text. Longer ones are cut in the middle: a traceback's end names the error, its start the task. */
const maxErrorText = 64 * 1024;
/** Read of an error's document; the client's runtime writes a message and a few names. */
const maxErrorBytes = 64 * 1024 * 1024;

export function storedResults(objects: ObjectReader, scheme: Scheme): ResultStore {
  return {
    async read(prefix) {
      const { bucket, key } = parseUri(scheme, prefix.replace(/\/+$/, ""));
      const [error, outputs] = await Promise.all([
        objects.get({ bucket, key: `${key}/error.pb` }, maxErrorBytes),
        objects.has({ bucket, key: `${key}/outputs.pb` }),
      ]);
      // One too large to be read is an error all the same, and told as one that cannot be read.
      const document = error && (error instanceof Uint8Array ? error : new Uint8Array());
      return { outputs, ...(document ? { error: readError(document) } : {}) };
    },
  };
}

/** A document that cannot be read is still an error: the task wrote it where errors go. */
export function readError(bytes: Uint8Array): NonNullable<Results["error"]> {
  let error: ReturnType<typeof parse>;
  try {
    error = parse(bytes);
  } catch {
    // What broke it says nothing about the task; that it is broken is answered below.
    error = undefined;
  }
  if (!error)
    return {
      code: "UnreadableError",
      message: "The task failed and its error cannot be read.",
      kind: "USER",
      recoverable: false,
    };
  return {
    code: error.code || "Unknown",
    message: cut(error.message),
    // Only an error that says so is the platform's.
    kind: error.origin === ExecutionError_ErrorKind.SYSTEM ? "SYSTEM" : "USER",
    recoverable: error.kind === ContainerError_Kind.RECOVERABLE,
  };
}

function parse(bytes: Uint8Array) {
  return fromBinary(ErrorDocumentSchema, bytes).error;
}

function cut(text: string): string {
  if (text.length <= maxErrorText) return text;
  const half = maxErrorText / 2;
  return `${text.slice(0, half)}\n… ${text.length - maxErrorText} characters left out …\n${text.slice(-half)}`;
}
