/** @returns the first message, which decisions need, and all of them, to be read once by whoever serves the call. */
export async function peeked<T>(messages: AsyncIterable<T>): Promise<{ first: T | undefined; all: AsyncIterable<T> }> {
  const iterator = messages[Symbol.asyncIterator]();
  const head = await iterator.next();
  if (head.done) return { first: undefined, all: messages };
  async function* all(): AsyncGenerator<T> {
    try {
      yield head.value;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { first: head.value, all: all() };
}
