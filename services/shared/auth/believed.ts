/**
 * What was verified a moment ago is believed: callers send the same token with each of many calls, every service on a
 * call's way verifies it, and a signature costs more than all the rest of a small call. Whether the caller is still
 * there, and what it may do, is no matter of signatures: that is asked as always.
 */

export interface Verified<T> {
  value: T;
  /** Seconds since 1970, as the token says. */
  expiresAt: number;
}

/** With the 45 s for which keys are kept (remote-keys.ts) still below the minute after which a withdrawn one is refused. */
const believedMs = 10_000;
const maxKept = 10_000;

/** @param verify throws for what is not good, which is never kept. @returns the same, asked of each text at times only. */
export function believing<T>(
  verify: (text: string) => Promise<Verified<T>>,
  now: () => number = () => Date.now(),
): (text: string) => Promise<T> {
  const known = new Map<string, { value: T; until: number }>();
  return async (text) => {
    const kept = known.get(text);
    if (kept && kept.until > now()) return kept.value;
    const { value, expiresAt } = await verify(text);
    if (known.size >= maxKept) known.clear();
    known.set(text, { value, until: Math.min(now() + believedMs, expiresAt * 1_000) });
    return value;
  };
}
