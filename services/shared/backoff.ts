const longestWaitMs = 5_000;

/** Any time up to 0.2 s, doubled with each failure in a row up to 5 s: as many ask, as evenly they come. */
export function spreadMs(failures: number): number {
  return Math.random() * Math.min(longestWaitMs, 200 * 2 ** failures);
}

/** 0.1 s, doubled with each failure in a row up to 5 s, and a random part of it so that many do not come at once. */
export function dialAgainMs(failures: number): number {
  return Math.min(longestWaitMs, 100 * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}
