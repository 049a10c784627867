/**
 * Whether the organisation's policies refuse, of everything in a project, what is not sent by present TLS. A rule under a
 * condition holds for what bears a tag, and nobody here reads tags: it never counts for, and always counts against.
 */
import { oldTls, transportConstraints } from "../../../components/account/gcp-constraints.ts";
import type { GoogleConstraintFact } from "../../facts-google.ts";

export interface Refusal {
  refused: boolean;
  told: string;
}

type Constraints = readonly GoogleConstraintFact[];
type Rule = GoogleConstraintFact["rules"][number];

export function refusesPlainHttp(constraints: Constraints): Refusal {
  return judge(constraints, transportConstraints.plain, {
    for: ({ enforce }) => enforce === true,
    against: ({ enforce }) => enforce !== true,
  });
}

/** Both versions of it: who denies one alone still takes the other. */
export function refusesOldTls(constraints: Constraints): Refusal {
  return judge(constraints, transportConstraints.versions, {
    for: ({ denyAll, denied }) => denyAll || oldTls.every((version) => denied.includes(version)),
    against: ({ allowAll, allowed }) => allowAll || oldTls.some((version) => allowed.includes(version)),
  });
}

interface Word {
  for(rule: Rule): boolean;
  against(rule: Rule): boolean;
}

function judge(constraints: Constraints, name: string, word: Word): Refusal {
  const rules = constraints.find(({ constraint }) => constraint === name)?.rules ?? [];
  const other = rules.find((rule) => word.against(rule));
  if (other) {
    const where = other.condition === undefined ? "" : ` where ${other.condition}`;
    return { refused: false, told: `${name} does not refuse it${where}` };
  }
  return rules.some((rule) => rule.condition === undefined && word.for(rule))
    ? { refused: true, told: `refused by ${name}` }
    : { refused: false, told: `${name} has no rule that refuses it of everything` };
}
