/**
 * Shows that each check can fail: every sabotage on a snapshot, wherever the offender lies and behind wildcards, must turn
 * its own check from PASS to FAIL, and no check that is not listed for it. Pure.
 */
import { isDeepStrictEqual } from "node:util";
import type { AnyCheck } from "../check.ts";
import { copyOf } from "../copy.ts";
import type { Collected, FactName, Facts } from "../facts.ts";
import type { Finding } from "../outcome.ts";
import { judge } from "../runner.ts";
import type { Targets } from "../target.ts";
import { orders, reorder, widen } from "./variants.ts";

export interface Break {
  sabotage: string;
  /** As made, first, in the middle, behind a wildcard: which of them there were, and whether each turned the check red. */
  variants: { variant: string; red: boolean }[];
  /** The first finding that was not there before, `subject: evidence`; absent when nothing turned red. */
  finding?: string;
  /** Other checks that it turned from PASS. */
  flips: string[];
  /** Those of them that are not listed for it. */
  unlisted: string[];
}

export interface Proof {
  check: string;
  /** Why there is nothing to prove: the check does not pass on the snapshot, or does not apply. */
  skipped?: string;
  breaks: Break[];
  /** Orders of the lists in which the untouched snapshot no longer passes, so that they prove nothing. */
  ordered: string[];
}

/** Check → sabotage → ids of other checks that rightly turn too, since they look at the same thing. */
export type Listed = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface Snapshot {
  collected: Partial<Collected>;
  targets: Targets;
}

/** @param proven the checks to break; every one of `all` may turn by it */
export function proveAll(
  proven: readonly AnyCheck[],
  snapshot: Snapshot,
  all: readonly AnyCheck[],
  listed: Listed,
): Proof[] {
  const { collected, targets } = snapshot;
  const read = new Set(proven.flatMap(({ needs }) => needs));
  const green = all.filter(
    (check) =>
      check.needs.some((name) => read.has(name)) &&
      !check.notApplicable?.(targets) &&
      check.needs.every((name) => collected[name]?.read) &&
      isGreen(check, valuesOf(collected, check.needs), targets),
  );
  return proven.map((check) => prove(check, snapshot, green, listed[check.id] ?? {}));
}

function prove(check: AnyCheck, snapshot: Snapshot, green: readonly AnyCheck[], listed: Listed[string]): Proof {
  const { collected, targets } = snapshot;
  const verdict = judge(check, collected, targets);
  const none = { check: check.id, breaks: [], ordered: [] };
  if (verdict.outcome !== "PASS") return { ...none, skipped: `it is ${verdict.outcome} on this snapshot` };
  const good = valuesOf(collected, check.needs);
  const usable = orders.filter((order) => order === "as made" || isGreen(check, reorder(good, order), targets));
  const before = new Set(verdict.inspected.map(tell));
  const breaks = check.sabotages.flatMap((sabotage): Break[] => {
    const broken = copyOf(good);
    if (sabotage.apply(broken, targets) === false) return [];
    const wide = widen(good, broken);
    const tried = [
      ...usable.map((order) => ({ variant: order as string, facts: reorder(broken, order) })),
      ...(wide ? [{ variant: "behind a wildcard", facts: { ...broken, ...wide } }] : []),
    ].map(({ variant, facts }) => ({ variant, bad: check.evaluate(facts, targets).filter(({ ok }) => !ok) }));
    const finding = tried[0]?.bad.map(tell).find((text) => !before.has(text));
    const flips = flipped(check, { good, broken }, snapshot, green);
    return [
      {
        sabotage: sabotage.name,
        variants: tried.map(({ variant, bad }) => ({ variant, red: bad.length > 0 })),
        ...(finding === undefined ? {} : { finding }),
        flips,
        unlisted: flips.filter((id) => !listed[sabotage.name]?.includes(id)),
      },
    ];
  });
  return { check: check.id, breaks, ordered: orders.filter((order) => !usable.includes(order)) };
}

/** A proof is whole when something was broken, every variant turned red with a finding, and nothing unlisted turned too. */
export function isWhole({ breaks, skipped }: Proof): boolean {
  if (skipped !== undefined) return true;
  const every = breaks.every(
    ({ variants, finding, unlisted }) =>
      finding !== undefined && variants.every(({ red }) => red) && unlisted.length === 0,
  );
  return breaks.length > 0 && every;
}

/** Variants that turned their check red, of all that were tried. */
export function killRate(proofs: readonly Proof[]): { killed: number; tried: number } {
  const tried = proofs.flatMap(({ breaks }) => breaks.flatMap(({ variants }) => variants));
  return { killed: tried.filter(({ red }) => red).length, tried: tried.length };
}

const tell = ({ subject, evidence }: Finding) => `${subject}: ${evidence}`;

/** Of facts that were read. */
function valuesOf(collected: Partial<Collected>, names: readonly FactName[]): Facts {
  const facts: Partial<Record<FactName, unknown>> = {};
  for (const name of names) {
    const fact = collected[name];
    if (fact?.read) facts[name] = fact.value;
  }
  return facts as Facts;
}

function isGreen(check: AnyCheck, facts: Facts, targets: Targets): boolean {
  const findings = check.evaluate(facts, targets);
  return findings.length > 0 && findings.every(({ ok }) => ok);
}

/** Only a green check that reads something that was changed can turn. */
function flipped(
  own: AnyCheck,
  { good, broken }: { good: Facts; broken: Facts },
  { collected, targets }: Snapshot,
  green: readonly AnyCheck[],
): string[] {
  const changed = own.needs.filter((name) => !isDeepStrictEqual(good[name], broken[name]));
  const news = Object.fromEntries(changed.map((name) => [name, broken[name]]));
  return green
    .filter((check) => check !== own && check.needs.some((name) => changed.includes(name)))
    .filter((check) => !isGreen(check, { ...valuesOf(collected, check.needs), ...news }, targets))
    .map(({ id }) => id);
}
