/** A stream that ends once its caller may no longer have it: a watch can outlive the grant that opened it by hours. */
import { Code, ConnectError } from "@connectrpc/connect";

/** How often it is asked again. */
const everyMs = 10_000;
/** A grant that nobody could confirm for this long is over. */
const patienceMs = 50_000;

export interface Times {
  everyMs?: number;
  patienceMs?: number;
}

/** @param allowed throws where the caller may not. Asked while messages are awaited too. */
export async function* whileAllowed<T>(
  messages: AsyncIterable<T>,
  allowed: () => Promise<unknown>,
  signal: AbortSignal,
  times: Times = {},
): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  const grant = watchGrant(allowed, { everyMs, patienceMs, ...times }, signal);
  try {
    for (;;) {
      const next = await grant.orEnd(iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    grant.stop();
    // Not awaited: it may wait for its own next message, which only the call's end brings.
    void iterator.return?.().catch(() => undefined);
  }
}

function watchGrant(allowed: () => Promise<unknown>, times: Required<Times>, signal: AbortSignal) {
  let confirmedAt = Date.now();
  let over: { reason: unknown } | undefined;
  /** Of the one wait that is pending. A promise raced with every message would remember each of them. */
  let endWait: ((reason: unknown) => void) | undefined;
  let timer: NodeJS.Timeout | undefined = setTimeout(look, times.everyMs);
  async function look(): Promise<void> {
    try {
      await allowed();
      confirmedAt = Date.now();
    } catch (reason) {
      const { code } = ConnectError.from(reason);
      const certain = code === Code.PermissionDenied || code === Code.Unauthenticated;
      if (certain || Date.now() - confirmedAt > times.patienceMs) {
        over = { reason };
        return endWait?.(reason);
      }
    }
    if (!signal.aborted && timer !== undefined) timer = setTimeout(look, times.everyMs);
  }
  return {
    /** @throws what `allowed` threw, as soon as it is known. */
    orEnd<T>(next: Promise<T>): Promise<T> {
      return new Promise((resolve, reject) => {
        endWait = reject;
        next.then(resolve, reject);
        if (over) reject(over.reason);
      });
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
