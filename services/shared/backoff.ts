const longestWaitMs = 5_000;

/** 0.1 s, doubled with each failure in a row up to 5 s, and a random part of it so that many do not come at once. */
export function dialAgainMs(failures: number): number {
  return Math.min(longestWaitMs, 100 * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}
