/** Every recorded request, failing in every way: no check that reads it may pass. Pure. */
import type { AnyCheck } from "../check.ts";
import type { Collected, Fact, FactName, Facts } from "../facts.ts";
import { judge } from "../runner.ts";
import type { Snapshot } from "./prove.ts";

/** As collectors record them; a page that is cut off is a request that failed. */
const refusals = [
  "403 Forbidden",
  "404 Not Found",
  "500 Internal Server Error",
  "TimeoutError: no answer in 10 s",
  "the list was cut off after its first page",
] as const;

const emptyList = "an empty list";

export interface Denial {
  fact: FactName;
  failure: (typeof refusals)[number] | typeof emptyList;
  /** Checks that read the fact. */
  checks: number;
  /** Those that passed all the same. */
  passed: string[];
}

export function denialMatrix(checks: readonly AnyCheck[], { collected, targets }: Snapshot): Denial[] {
  return (Object.entries(collected) as [FactName, Fact<Facts[FactName]>][]).flatMap(([name, fact]) => {
    const readers = checks.filter((check) => check.needs.includes(name) && !check.notApplicable?.(targets));
    const passedWith = (broken: Fact<unknown>) => {
      const changed: Partial<Collected> = { ...collected, [name]: broken };
      return readers.filter((check) => judge(check, changed, targets).outcome === "PASS").map(({ id }) => id);
    };
    const { request } = fact;
    const empty = fact.read ? emptied(fact.value) : undefined;
    return [
      ...refusals.map((failure) => ({ failure, passed: passedWith({ read: false, reason: failure, request }) })),
      ...(empty ? [{ failure: emptyList, passed: passedWith({ read: true, value: empty, request }) } as const] : []),
    ].map((cell) => ({ fact: name, checks: readers.length, ...cell }));
  });
}

/** An account is empty without a role; what is no list, such as one cluster, is there or not. */
function emptied(value: Facts[FactName]): unknown {
  if (Array.isArray(value)) return [];
  return "roles" in value ? { ...value, roles: [] } : undefined;
}
