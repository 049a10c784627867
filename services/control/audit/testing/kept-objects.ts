/** A bucket in memory that refuses to replace an object, and what is in it. */
import type { Put } from "../exports.ts";

export interface KeptObjects {
  put: Put;
  objects: Map<string, string>;
  /** Of every line, in the order in which the objects came. */
  ids(): number[];
  /** How often an object was put that was there already. */
  again: number;
}

export function keptObjects(): KeptObjects {
  const objects = new Map<string, string>();
  const kept: KeptObjects = {
    objects,
    again: 0,
    async put(key, lines) {
      const there = objects.get(key);
      if (there === undefined) objects.set(key, lines);
      else if (there === lines) kept.again += 1;
      else throw new Error(`${key} would be replaced`);
    },
    ids: () => [...objects.values()].flatMap(idsOf),
  };
  return kept;
}

export function idsOf(lines: string): number[] {
  return lines
    .trimEnd()
    .split("\n")
    .map((line) => Number((JSON.parse(line) as { id: string }).id));
}
