/** Set by `./biplane test --long`. */
export const long = process.env.BIPLANE_LONG === "1";

/** All of them, so many at a time, answers in order. */
export async function mapInFlight<T, R>(
  items: readonly T[],
  width: number,
  use: (item: T) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) answers[at] = await use(items[at] as T);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return answers;
}
