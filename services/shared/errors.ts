/**
 * One error type for every RPC: ConnectError. Services throw it through these words; everything else that is thrown is
 * a bug or an outage, told to the client without details and to the log with all of them.
 */
import { randomUUID } from "node:crypto";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { type Refusal, refusal, UserError } from "../../shared/errors.ts";
import type { Logger } from "./log.ts";
import { noteCode } from "./served-request.ts";

export const invalid = (parts: Refusal) => new ConnectError(refusal(parts).message, Code.InvalidArgument);
export const notFound = (what: string) => new ConnectError(`${what} does not exist`, Code.NotFound);
export const denied = (why: string) => new ConnectError(why, Code.PermissionDenied);
export const unauthenticated = (why: string) => new ConnectError(why, Code.Unauthenticated);
export const alreadyExists = (what: string) => new ConnectError(`${what} already exists`, Code.AlreadyExists);
export const precondition = (why: string) => new ConnectError(why, Code.FailedPrecondition);
export const exhausted = (why: string) => new ConnectError(why, Code.ResourceExhausted);
export const unimplemented = (what: string) => new ConnectError(`${what} is not served yet`, Code.Unimplemented);
export const unavailable = (why: string, cause?: unknown) =>
  new ConnectError(why, Code.Unavailable, undefined, undefined, cause);

/** Connection lost, server starting or stopping, too many connections, serialisation failure, deadlock: all pass. */
const passingSqlState = /^(08...|57P0[123]|53300|40001|40P01)$/;
const passingSystemCode =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ERR_HTTP2_\w+|ERR_STREAM_\w+)$/;

/** @returns what the client may know; details of a bug go to the log under the reference that the client is told. */
export function toConnectError(thrown: unknown, log: Logger): ConnectError {
  // Made anew: an error of a call to another service carries that answer's headers as metadata, which would leave here.
  if (thrown instanceof ConnectError) {
    return undecodable(thrown) ?? new ConnectError(thrown.rawMessage, thrown.code, undefined, undefined, thrown.cause);
  }
  if (thrown instanceof UserError) return new ConnectError(thrown.message, Code.InvalidArgument);
  const code = codeOf(thrown);
  if (code !== undefined && (passingSqlState.test(code) || passingSystemCode.test(code))) {
    log.warn("a dependency is unavailable", { error: thrown });
    return unavailable("temporarily unavailable, try again", thrown);
  }
  const reference = randomUUID();
  log.error("unexpected error", { reference, error: thrown });
  return new ConnectError(`internal error, reference ${reference}`, Code.Internal, undefined, undefined, thrown);
}

/**
 * connect-node calls bytes that do not decode "internal", which clients retry for ever. They are the caller's mistake.
 * @returns undefined for any other error.
 */
export function undecodable(error: ConnectError): ConnectError | undefined {
  const known =
    /^(parse binary:|decompression failed|received compressed envelope|protocol error:|premature end of stream)/;
  if (error.code !== Code.Internal || !known.test(error.rawMessage)) return undefined;
  return new ConnectError(`the request cannot be decoded: ${error.rawMessage}`, Code.InvalidArgument);
}

/** Outermost on every server: nothing that is not a ConnectError leaves, in unary calls and in the midst of streams. */
export function errorInterceptor(log: Logger): Interceptor {
  return (next) => async (request) => {
    const here = log.with({ rpc: `${request.service.typeName}/${request.method.name}` });
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: guarded(response.message, request.signal, here) };
    } catch (error) {
      throw noted(toConnectError(error, here));
    }
  };
}

function noted(error: ConnectError): ConnectError {
  noteCode(codeToString(error.code));
  return error;
}

async function* guarded<T>(messages: AsyncIterable<T>, signal: AbortSignal, log: Logger): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw noted(signal.aborted ? ConnectError.from(signal.reason) : toConnectError(error, log));
  }
  // A stream cut by its deadline or by a shutdown must not look as if it had come to its natural end.
  if (signal.aborted && signal.reason instanceof ConnectError) throw noted(signal.reason);
}

function codeOf(thrown: unknown): string | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ("code" in error && typeof error.code === "string") return error.code;
  }
  return undefined;
}
