/**
 * Streams on their way through. A tunnel or relay that goes takes a stream with it; it is then asked for again, and the
 * client hears of it only that it is quiet. A plane also ends a stream once what it was told of the caller is too old:
 * whether the caller still may is for the newer word, by which the stream is asked for again.
 */
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { unavailable } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { pause } from "../../shared/pause.ts";

export interface StreamOptions {
  /** Asked for each connection: a plane may have come to another place. */
  call(): Promise<CallOptions>;
  signal: AbortSignal;
  log: Logger;
  /** How long a lost plane is asked again before the client is told. @default 5 min */
  patienceMs?: number;
}

/**
 * @param open asked for each connection; what was told before is for it, or its taker, to leave out
 * @returns its messages; undefined where a connection was lost and there is nothing to tell
 */
export async function* takenUpAgain<T>(
  open: (call: CallOptions) => AsyncIterable<T>,
  { call, signal, log, patienceMs = 5 * 60_000 }: StreamOptions,
): AsyncGenerator<T | undefined> {
  let heardAt = Number.NEGATIVE_INFINITY;
  for (let failures = 0; ; failures++) {
    let heard = false;
    try {
      for await (const message of open(await call())) {
        [failures, heardAt, heard] = [0, Date.now(), true];
        yield message;
      }
      return;
    } catch (error) {
      const { code } = ConnectError.from(error);
      // Before the first message the client is told at once, and knows what to do.
      const again = isLost(code) || (heard && code === Code.PermissionDenied);
      if (signal.aborted || !again || Date.now() - heardAt > patienceMs) throw lateError(error, heardAt);
      log.info("a stream was lost and is taken up again", { failures, code: Code[code] });
    }
    yield undefined;
    await pause(Math.min(5_000, 200 * 2 ** failures) * (0.5 + Math.random() / 2), signal);
  }
}

/** What a connection that ends on the way looks like: to HTTP/2 it is a reset stream, and which code depends on where. */
function isLost(code: Code): boolean {
  const lost = [Code.Unavailable, Code.Internal, Code.Canceled, Code.Aborted, Code.Unknown, Code.FailedPrecondition];
  return lost.includes(code);
}

/** A client takes "not found" for "not yet" and begins anew: after the first line it must not read it. */
function lateError(error: unknown, heardAt: number): unknown {
  if (heardAt === Number.NEGATIVE_INFINITY || ConnectError.from(error).code !== Code.NotFound) return error;
  return unavailable("the pod has gone while it could not be read", error);
}
