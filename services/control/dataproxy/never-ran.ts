import { Code, ConnectError } from "@connectrpc/connect";

/**
 * What a compute plane tells of an attempt. Where the action's result was in the cache there is no attempt that it could
 * know: the client, which takes "not found" for "not yet", is told so instead.
 */
export async function* unlessNeverRan<T>(
  stream: AsyncIterable<T>,
  neverRan: () => Promise<boolean>,
  instead: readonly T[],
): AsyncGenerator<T> {
  try {
    yield* stream;
  } catch (error) {
    if (ConnectError.from(error).code !== Code.NotFound || !(await neverRan())) throw error;
    yield* instead;
  }
}
