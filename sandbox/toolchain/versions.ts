/** Which versions of a program fit. */

export type Version = readonly [major: number, minor: number, patch: number];

/** The first `1.2` or `1.2.3` in a program's own words, such as "Kubernetes v1.34.4"; undefined when there is none. */
export function parseVersion(text: string): Version | undefined {
  const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : undefined;
}

export function atLeast(version: Version, least: Version): boolean {
  for (const place of [0, 1, 2] as const) {
    if (version[place] !== least[place]) return version[place] > least[place];
  }
  return true;
}

/** Same major version, and not older than `least`: what semantic versioning calls compatible. */
export function compatibleWith(least: Version): (version: Version) => boolean {
  return (version) => version[0] === least[0] && atLeast(version, least);
}

/** Same major version and at most `distance` minor versions away, as Kubernetes counts skew. */
export function minorWithin(wanted: Version, distance: number): (version: Version) => boolean {
  return (version) => version[0] === wanted[0] && Math.abs(version[1] - wanted[1]) <= distance;
}
