/** The shape of a check: data about it, one pure function from facts to findings, and the sabotages that must turn it red. */
import type { FactName, Facts } from "./facts.ts";
import type { Finding } from "./outcome.ts";
import type { Target } from "./target.ts";

interface Sabotage<K extends FactName> {
  /** What an attacker, or a typo, would have done. */
  name: string;
  /** Breaks a copy of the facts that were just read. Returns false when they hold nothing to break. */
  apply(facts: Pick<Facts, K>, target: Target): undefined | false;
}

export interface Check<K extends FactName = FactName> {
  /** `AREA-NN`, never reused. */
  id: string;
  title: string;
  severity: "low" | "medium" | "high" | "critical";
  /** Ids of the ledger that a PASS proves, for the models and the cloud of the target. */
  claims: readonly string[];
  /** Groups of documented commands (C01 to C11) that this check stands beside. */
  documented: readonly string[];
  /** What to do about a finding. */
  fix: string;
  needs: readonly K[];
  evaluate(facts: Pick<Facts, K>, target: Target): Finding[];
  sabotages: readonly [Sabotage<K>, ...Sabotage<K>[]];
  /** Words when the check does not apply to this target at all, with the evidence. */
  notApplicable?(target: Target): string | undefined;
}

export type AnyCheck = Check<FactName>;

/** Keeps a check's own fact names in its functions, and hands it to the registry under one type. */
export function defineCheck<const K extends FactName>(check: Check<K>): AnyCheck {
  return {
    ...check,
    evaluate: (facts, target) => check.evaluate(pick(facts, check.needs), target),
    sabotages: check.sabotages.map(wrap) as [Sabotage<FactName>, ...Sabotage<FactName>[]],
  };
}

function wrap<K extends FactName>(sabotage: Sabotage<K>): Sabotage<FactName> {
  return { name: sabotage.name, apply: (facts, target) => sabotage.apply(facts, target) };
}

function pick<K extends FactName>(facts: Facts, names: readonly K[]): Pick<Facts, K> {
  return Object.fromEntries(names.map((name) => [name, facts[name]])) as Pick<Facts, K>;
}
