/** Of Cloud Logging's query language as much as is asked here: fields compared with quoted values, joined by AND. */

const term = /^([\w.]+)(=|>=|<=)("(?:[^"\\]|\\.)*")$/;

/** @returns undefined for what is not understood, which must not pass for a filter that finds nothing */
export function matcherOf(filter: string): ((entry: object) => boolean) | undefined {
  const tests: ((entry: object) => boolean)[] = [];
  for (const each of filter === "" ? [] : filter.split(" AND ")) {
    const [, path = "", sign, literal] = term.exec(each.trim()) ?? [];
    if (literal === undefined) return undefined;
    const wanted = String(JSON.parse(literal));
    tests.push((entry) => compares(valueAt(entry, path), sign ?? "", wanted));
  }
  return (entry) => tests.every((test) => test(entry));
}

function valueAt(entry: object, path: string): string | undefined {
  const found = path
    .split(".")
    .reduce<unknown>((held, name) => (held as Record<string, unknown> | undefined)?.[name], entry);
  return found === undefined ? undefined : String(found);
}

function compares(value: string | undefined, sign: string, wanted: string): boolean {
  if (value === undefined) return false;
  if (sign === "=") return value.toLowerCase() === wanted.toLowerCase();
  const [own, other] = [Date.parse(value), Date.parse(wanted)];
  return sign === ">=" ? own >= other : own <= other;
}
