/**
 * Slows down whoever tries secrets: a wrong try costs, a right one does not. Kept by this process, so that several
 * replicas allow several times as much; a secret of 256 bits is out of reach either way.
 */

export interface Limit {
  /** Wrong tries that may come at once. */
  burst: number;
  /** Seconds until one more may. */
  everySeconds: number;
}

export interface Throttle {
  /** @returns seconds until the next try, 0 where it may be made now. */
  waitSeconds(name: string): number;
  failed(name: string): void;
}

const maxKept = 10_000;

export function createThrottle({ burst, everySeconds }: Limit, now: () => number = Date.now): Throttle {
  /** When all that a name has used will have come back. */
  const backAt = new Map<string, number>();
  const everyMs = everySeconds * 1000;
  return {
    waitSeconds(name) {
      const over = (backAt.get(name) ?? 0) - now() - (burst - 1) * everyMs;
      return over <= 0 ? 0 : Math.ceil(over / 1000);
    },
    failed(name) {
      const at = Math.max(backAt.get(name) ?? 0, now()) + everyMs;
      // Put at the end, so that the first is the one that has been quiet for longest.
      backAt.delete(name);
      backAt.set(name, at);
      const oldest = backAt.size > maxKept ? backAt.keys().next().value : undefined;
      if (oldest !== undefined) backAt.delete(oldest);
    },
  };
}
