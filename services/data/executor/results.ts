/** Reads what an attempt left in its output folder, under the executor's own role. */

import { GetObjectCommand, HeadObjectCommand, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { fromBinary } from "@bufbuild/protobuf";
import {
  ContainerError_Kind,
  ErrorDocumentSchema,
  ExecutionError_ErrorKind,
} from "../../../gen/flyteidl2/core/execution_pb.js";
import type { Results } from "./outcome.ts";

export interface ResultStore {
  /** @param prefix s3:// folder of one attempt. Throws when the store cannot be asked: not knowing is not failing. */
  read(prefix: string): Promise<Results>;
}

/** Kept of an error's text. Longer ones are cut in the middle: a traceback's end names the error, its start the task. */
const maxErrorText = 64 * 1024;

export function s3Results(s3: S3Client): ResultStore {
  return {
    async read(prefix) {
      const { bucket, key } = folder(prefix);
      const [error, outputs] = await Promise.all([
        unlessMissing(async () => {
          const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `${key}/error.pb` }));
          return Body?.transformToByteArray();
        }),
        unlessMissing(() => s3.send(new HeadObjectCommand({ Bucket: bucket, Key: `${key}/outputs.pb` }))),
      ]);
      return { outputs: outputs !== undefined, ...(error ? { error: readError(error) } : {}) };
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

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
    throw error;
  }
}

function folder(uri: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/(.+?)\/*$/.exec(uri);
  if (!match?.[1] || !match[2]) throw new Error(`"${uri}" is not an s3:// folder`);
  return { bucket: match[1], key: match[2] };
}
