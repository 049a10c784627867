/** Judges collected facts. Not knowing is not passing: a fact that was not read whole ends every check that needs it. */
import type { AnyCheck } from "./check.ts";
import { copyOf } from "./copy.ts";
import type { Collected, Fact, FactName, Facts } from "./facts.ts";
import type { Finding, SabotageResult, Verdict } from "./outcome.ts";
import type { Targets } from "./target.ts";

export interface CheckResult {
  check: AnyCheck;
  verdict: Verdict;
}

export function runChecks(checks: readonly AnyCheck[], collected: Partial<Collected>, targets: Targets): CheckResult[] {
  return checks.map((check) => ({ check, verdict: judge(check, collected, targets) }));
}

export function judge(check: AnyCheck, collected: Partial<Collected>, targets: Targets): Verdict {
  const unrelated = check.notApplicable?.(targets);
  if (unrelated) return { outcome: "NOT_APPLICABLE", evidence: unrelated };
  const facts = readFacts(check.needs, collected);
  if (typeof facts === "string") return { outcome: "NOT_EVALUATED", reason: facts };
  const findings = check.evaluate(facts, targets);
  if (findings.some((finding) => !finding.ok)) return { outcome: "FAIL", findings };
  const [first, ...rest] = findings;
  if (!first) return { outcome: "NOT_EVALUATED", reason: "nothing was there to inspect" };
  const sabotages = tryAll(check, facts, targets);
  if (typeof sabotages === "string") return { outcome: "NOT_EVALUATED", reason: sabotages };
  return { outcome: "PASS", inspected: [first, ...rest], sabotages };
}

/** The facts by name, or why some of them cannot be used: each is named, so that one look tells what is missing. */
function readFacts(needs: readonly FactName[], collected: Partial<Collected>): Facts | string {
  const values: Partial<Record<FactName, unknown>> = {};
  const reasons: string[] = [];
  for (const name of needs) {
    const fact = collected[name];
    const reason = unusable(name, fact);
    if (reason) reasons.push(reason);
    else if (fact?.read) values[name] = fact.value;
  }
  return reasons.length > 0 ? reasons.join("; ") : (values as Facts);
}

function unusable(name: FactName, fact: Fact<Facts[FactName]> | undefined): string | undefined {
  if (!fact) return `${name} was not asked for`;
  if (!fact.read) return `${name} could not be read: ${fact.reason} (${fact.request})`;
  return isEmpty(fact.value) ? `${name} is empty (${fact.request})` : undefined;
}

/** An account without a single role is as empty as a list without items: a plane has at least its own two. */
function isEmpty(value: Facts[FactName]): boolean {
  return Array.isArray(value) ? value.length === 0 : "roles" in value && value.roles.length === 0;
}

/** Every sabotage must turn the check red on the very facts that it passed; one that survives takes the pass away. */
function tryAll(check: AnyCheck, facts: Facts, targets: Targets): [SabotageResult, ...SabotageResult[]] | string {
  const results: SabotageResult[] = [];
  for (const sabotage of check.sabotages) {
    const broken = copyOf(facts);
    if (sabotage.apply(broken, targets) === false) continue;
    const red = check.evaluate(broken, targets).some((finding: Finding) => !finding.ok);
    if (!red) return `the check cannot be trusted: "${sabotage.name}" did not turn it red`;
    results.push({ name: sabotage.name, red });
  }
  const [first, ...rest] = results;
  return first ? [first, ...rest] : "no sabotage could be applied to these facts";
}
