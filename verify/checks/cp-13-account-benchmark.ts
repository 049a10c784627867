import { access } from "../benchmark/access.ts";
import type { Judged } from "../benchmark/judged.ts";
import { networks } from "../benchmark/networks.ts";
import { records } from "../benchmark/records.ts";
import { storage } from "../benchmark/storage.ts";
import { byFacts, byPerson, type Decided } from "../benchmark/table.ts";
import { watch } from "../benchmark/watch.ts";
import { defineRegionCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";

const judges: Record<Decided, Judged> = { ...access, ...storage, ...records, ...watch, ...networks };
const numbers = Object.keys(byFacts) as Decided[];

const nothing = fail("account", "nothing was there to inspect");

export const accountHoldsBenchmark = defineRegionCheck({
  id: "CP-13",
  title: "The region's account holds what CIS AWS Foundations 1.4 asks and an API can tell",
  severity: "high",
  claims: ["compliance-cis-aws-1-4"],
  documented: [],
  fix: "As each finding says. What only a person can say is listed in docs/decisions/0053.",
  needs: [
    "regionRoot",
    "regionPasswordPolicy",
    "regionCredentials",
    "regionPrincipals",
    "regionServerCertificates",
    "regionAnalyzers",
    "regionBuckets",
    "regionPublicAccess",
    "regionDiskDefaults",
    "regionSealing",
    "regionTrails",
    "regionTrailEvents",
    "regionRecorders",
    "regionNetworks",
    "regionLogFilters",
    "regionAlarms",
    "regionSubscribed",
  ],
  evaluate: (facts) => [
    ...numbers.flatMap((number) => {
      const findings = judges[number].judge(facts);
      // What looked at nothing has not held.
      return (findings.length > 0 ? findings : [nothing]).map((finding) => described(number, finding));
    }),
    pass("benchmark", `left to a person to say: ${byPerson.map(({ number }) => number).join(", ")}`),
  ],
  sabotages: [sabotageOf("1.4"), ...numbers.filter((number) => number !== "1.4").map(sabotageOf)],
});

function sabotageOf(number: Decided) {
  const { broken, breakIt } = judges[number];
  return { name: `${number}: ${broken}`, apply: breakIt };
}

function described(number: Decided, { subject, ok, evidence }: Finding): Finding {
  const { title, fix } = byFacts[number];
  return { subject: `CIS ${number}: ${subject}`, ok, evidence: `${title}: ${evidence}.${ok ? "" : ` ${fix}`}` };
}
