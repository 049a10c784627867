/** Section 1 of the benchmark: who may what. */
import type { CredentialFact } from "../facts-baseline.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { Statement } from "../reason/iam-policy.ts";
import { type BenchmarkFacts, change, each, type Judged, judged } from "./judged.ts";
import type { Decided } from "./table.ts";

const limits = { length: 14, remembered: 24, unusedDays: 45, keyDays: 90, rootDays: 90 };
const supportPolicy = "arn:aws:iam::aws:policy/AWSSupportAccess";
const longAgo = "2001-01-01T00:00:00.000Z";

export const access = {
  "1.4": {
    judge: ({ regionRoot }) => [
      judged(!regionRoot.accessKeys, "root user", regionRoot.accessKeys ? "has access keys" : "has no access key"),
    ],
    broken: "the root user has an access key",
    breakIt: ({ regionRoot }) => change(regionRoot, { accessKeys: true }),
  },
  "1.5": {
    judge: ({ regionRoot }) => [
      judged(regionRoot.secondFactor, "root user", `${regionRoot.secondFactor ? "a" : "no"} second factor`),
    ],
    broken: "the root user signs in by its password alone",
    breakIt: ({ regionRoot }) => change(regionRoot, { secondFactor: false }),
  },
  "1.6": {
    judge: ({ regionRoot: { secondFactor, virtualFactor } }) => [
      judged(secondFactor && !virtualFactor, "root user", secondFactor ? factorOf(virtualFactor) : "no second factor"),
    ],
    broken: "the root user's second factor is a program",
    breakIt: ({ regionRoot }) => change(regionRoot, { virtualFactor: true }),
  },
  "1.7": {
    judge: ({ regionCredentials: { at, users } }) => users.filter(({ root }) => root).map((one) => judgeRoot(one, at)),
    broken: "the root user signed in today",
    breakIt: ({ regionCredentials: { at, users } }) => change(rootOf(users), { passwordUsed: at }),
  },
  "1.8": {
    judge: ({ regionPasswordPolicy: { minimumLength } }) => [
      judged(minimumLength >= limits.length, "password policy", `${minimumLength} characters at least`),
    ],
    broken: "passwords of 13 characters will do",
    breakIt: ({ regionPasswordPolicy }) => change(regionPasswordPolicy, { minimumLength: limits.length - 1 }),
  },
  "1.9": {
    judge: ({ regionPasswordPolicy: { remembered } }) => [
      judged(remembered >= limits.remembered, "password policy", `the last ${remembered} are remembered`),
    ],
    broken: "the last 23 passwords are remembered",
    breakIt: ({ regionPasswordPolicy }) => change(regionPasswordPolicy, { remembered: limits.remembered - 1 }),
  },
  "1.10": {
    judge: (facts) =>
      ofPeople(facts, ({ password, secondFactor }) => password && !secondFactor, "a password and no second factor"),
    broken: "somebody has a password alone",
    breakIt: (facts) => add(facts, { password: true, passwordUsed: facts.regionCredentials.at, secondFactor: false }),
  },
  "1.11": {
    judge: (facts) =>
      ofPeople(
        facts,
        ({ password, keys }) => password && keys.some(({ active, used }) => active && used === undefined),
        "a password, and a key that was never used",
      ),
    broken: "somebody was given a key with the password",
    breakIt: (facts) => {
      const { at } = facts.regionCredentials;
      return add(facts, { password: true, passwordUsed: at, keys: [{ active: true, rotated: at }] });
    },
  },
  "1.12": {
    judge: (facts) =>
      ofPeople(facts, (one) => hasUnused(one, facts.regionCredentials.at), `unused for ${limits.unusedDays} days`),
    broken: "somebody's key was forgotten",
    breakIt: (facts) => add(facts, { keys: [{ active: true, rotated: facts.regionCredentials.at, used: longAgo }] }),
  },
  "1.13": {
    judge: (facts) => ofPeople(facts, ({ keys }) => keys.filter(({ active }) => active).length > 1, "two active keys"),
    broken: "somebody has two keys",
    breakIt: (facts) => {
      const key = { active: true, rotated: facts.regionCredentials.at, used: facts.regionCredentials.at };
      return add(facts, { keys: [key, key] });
    },
  },
  "1.14": {
    judge: (facts) =>
      ofPeople(
        facts,
        ({ keys }) => keys.some(({ active, rotated }) => active && isOld(rotated, facts, limits.keyDays)),
        `a key older than ${limits.keyDays} days`,
      ),
    broken: "somebody's key is old and in use",
    breakIt: (facts) => add(facts, { keys: [{ active: true, rotated: longAgo, used: facts.regionCredentials.at }] }),
  },
  "1.15": {
    judge: ({ regionPrincipals }) =>
      each(
        regionPrincipals.entities.filter(({ kind }) => kind === "user"),
        ({ arn, inline, attached }) =>
          judged(inline.length + attached.length === 0, arn, `${inline.length + attached.length} policies of its own`),
        "there is no user",
      ),
    broken: "a user holds a policy of its own",
    breakIt: (facts) =>
      hold(facts, "user/stranger", "user", "arn:aws:iam::aws:policy/ReadOnlyAccess", ["s3:getobject"]),
  },
  "1.16": {
    judge: ({ regionPrincipals }) =>
      [...regionPrincipals.entities, ...(regionPrincipals.groups ?? [])].map(({ arn, inline, attached }) => {
        const held = [...inline, ...attached].find(({ document }) => document.statements.some(allowsAll));
        return judged(
          held === undefined,
          arn,
          held ? `holds everything by ${held.arn ?? "its own policy"}` : "not all",
        );
      }),
    broken: "a role holds everything",
    breakIt: (facts) => hold(facts, "role/stranger", "role", "arn:aws:iam::aws:policy/AdministratorAccess", ["*"]),
  },
  "1.17": {
    judge: ({ regionPrincipals }) => {
      const held = regionPrincipals.entities.find(
        ({ kind, attached }) => kind === "role" && attached.some(({ arn }) => arn === supportPolicy),
      );
      return [held ? pass(held.arn, `holds ${supportPolicy}`) : fail("account", `no role holds ${supportPolicy}`)];
    },
    broken: "the role of the support is gone",
    breakIt: ({ regionPrincipals }) => {
      regionPrincipals.entities = regionPrincipals.entities.filter(
        ({ attached }) => !attached.some(({ arn }) => arn === supportPolicy),
      );
    },
  },
  "1.19": {
    judge: ({ regionServerCertificates: { certificates } }) =>
      each(
        certificates,
        ({ name, until, expired }) => judged(!expired, `certificate ${name}`, `until ${until}`),
        "no certificate is kept in IAM",
      ),
    broken: "a certificate has expired",
    breakIt: ({ regionServerCertificates: { certificates } }) => {
      certificates.push({ name: "old", until: longAgo, expired: true });
    },
  },
  "1.20": {
    judge: ({ regionAnalyzers }) =>
      regionAnalyzers.map(({ region, active }) =>
        judged(active.length > 0, region, active.length > 0 ? active.join(", ") : "no active analyzer"),
      ),
    broken: "the last region has no analyzer",
    breakIt: ({ regionAnalyzers }) => change(regionAnalyzers.at(-1), { active: [] }),
  },
} as const satisfies Partial<Record<Decided, Judged>>;

const rootOf = (users: CredentialFact[]) => users.find(({ root }) => root);

function judgeRoot({ passwordUsed, keys }: CredentialFact, at: string): Finding {
  const last = [passwordUsed, ...keys.map(({ used }) => used)]
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  return judged(
    last === undefined || daysBetween(last, at) > limits.rootDays,
    "root user",
    `last used ${last ?? "never"}`,
  );
}

function ofPeople(
  { regionCredentials }: BenchmarkFacts,
  offends: (one: CredentialFact) => boolean,
  what: string,
): Finding[] {
  return each(
    regionCredentials.users.filter(({ root }) => !root),
    (one) => (offends(one) ? fail(`user ${one.user}`, what) : pass(`user ${one.user}`, `not: ${what}`)),
    "there is no user",
  );
}

/** What was never used counts from the day that it was made. */
function hasUnused({ password, passwordUsed, passwordChanged, keys }: CredentialFact, at: string): boolean {
  const old = (time: string | undefined) => time === undefined || daysBetween(time, at) >= limits.unusedDays;
  if (password && old(passwordUsed ?? passwordChanged)) return true;
  return keys.some(({ active, used, rotated }) => active && old(used ?? rotated));
}

function isOld(time: string | undefined, { regionCredentials }: BenchmarkFacts, days: number): boolean {
  return time === undefined || daysBetween(time, regionCredentials.at) > days;
}

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000;
}

function allowsAll({ effect, actions, resources }: Statement): boolean {
  return effect === "Allow" && actions.some((one) => one === "*" || one === "*:*") && resources.includes("*");
}

function add({ regionCredentials: { users } }: BenchmarkFacts, more: Partial<CredentialFact>): undefined {
  users.push({ user: "stranger", root: false, password: false, secondFactor: true, keys: [], ...more });
}

function hold(
  { regionPrincipals }: BenchmarkFacts,
  name: string,
  kind: "user" | "role",
  policy: string,
  actions: string[],
): undefined {
  const statement: Statement = {
    ...{ effect: "Allow", actions, notActions: [], resources: ["*"], notResources: [], principals: [], conditions: {} },
  };
  const document = { version: "2012-10-17", statements: [statement] };
  const arn = `arn:aws:iam::${regionPrincipals.account}:${name}`;
  regionPrincipals.entities = [
    ...regionPrincipals.entities,
    { arn, kind, inline: [], attached: [{ arn: policy, document }] },
  ];
}

const factorOf = (virtual: boolean) => `a second factor that is a ${virtual ? "program" : "device"}`;
