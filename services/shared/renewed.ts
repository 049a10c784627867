/**
 * Answers that are believed for a moment. Whoever asks late in that moment still gets the kept one, and has a newer one
 * fetched behind them: of callers that come often none waits, and none is told anything older than the moment.
 */

export interface RenewedOptions {
  /** How long an answer is believed, from when it was asked for. */
  keptMs: number;
  /** @default 10,000 subjects, after which all is forgotten */
  maxKept?: number;
  now?: () => number;
}

interface Kept<T> {
  answer: Promise<T>;
  until: number;
  renewing: boolean;
}

/** From this part of its time on an answer is renewed. */
const renewedAfter = 0.6;

/** @returns the answer about a subject. A question that fails is kept for nobody, and those who wait for it are told. */
export function renewed<T>({ keptMs, maxKept = 10_000, now = Date.now }: RenewedOptions) {
  const known = new Map<string, Kept<T>>();

  function put(subject: string, answer: Promise<T>, askedAt: number): Promise<T> {
    if (known.size >= maxKept) known.clear();
    const kept = { answer, until: askedAt + keptMs, renewing: false };
    known.set(subject, kept);
    // Told to those who wait for it.
    answer.catch(() => {
      if (known.get(subject) === kept) known.delete(subject);
    });
    return answer;
  }

  /** What cannot be renewed is asked again by whoever comes next, and waits for the answer. */
  async function renew(subject: string, old: Kept<T>, ask: () => Promise<T>): Promise<void> {
    old.renewing = true;
    const askedAt = now();
    try {
      const value = await ask();
      if (known.get(subject) === old) void put(subject, Promise.resolve(value), askedAt);
    } catch {
      if (known.get(subject) === old) known.delete(subject);
    }
  }

  return (subject: string, ask: () => Promise<T>): Promise<T> => {
    const kept = known.get(subject);
    const present = now();
    if (!kept || kept.until <= present) return put(subject, ask(), present);
    if (!kept.renewing && kept.until - present < keptMs * (1 - renewedAfter)) void renew(subject, kept, ask);
    return kept.answer;
  };
}
