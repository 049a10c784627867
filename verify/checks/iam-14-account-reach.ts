import { adminServiceAccounts } from "../../components/identity/contract.ts";
import { defineCheck } from "../check.ts";
import { objectReach } from "../documented/appendix-e.ts";
import { platformAccounts } from "../documented/components.ts";
import type { ProbedName, ProbedReach } from "../facts-probes.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { adminAccounts, type Target } from "../target.ts";

const actions = ["put", "get"] as const;

/** Each refusal stands beside what must be given by the same call: to the account itself, or to another account. */
export const accountsReachTheirOwn = defineCheck({
  id: "IAM-14",
  title:
    "Each platform account takes the admin role in its own session only, and has its own reach of both buckets there",
  severity: "high",
  probes: true,
  claims: [],
  supersedes: {
    "iam-s3-access-per-account-appendix-e": "docs/decisions/0058-accounts-told-by-their-session.md",
  },
  documented: ["C07", "C08"],
  fix: "Bring the customer's stack up again: it writes the admin role's trust and policy, and names the services' sessions.",
  needs: ["probedNames", "probedReach"],
  evaluate({ probedNames, probedReach }, target) {
    const admins = adminAccounts(target);
    return [
      ...probedNames.map(judgeName),
      ...platformAccounts(target).map((account) => judgeTried(account, probedNames, admins)),
      ...probedReach.map(judgeReach),
      ...admins.flatMap((account) =>
        [target.buckets.metadata, target.buckets.fastRegistration].flatMap((bucket) =>
          actions
            .filter((action) => !probedReach.some((one) => isSame(one, { account, bucket, action })))
            .map((action) => fail(`${account}: ${action} in ${bucket}`, "was not tried")),
        ),
      ),
    ];
  },
  sabotages: [
    {
      name: "the first account takes the role under another's name",
      apply({ probedNames }) {
        const first = probedNames.find(({ own }) => !own);
        if (!first) return false;
        first.taken = true;
        return undefined;
      },
    },
    {
      name: "the last account, which has no part in the role, takes it",
      apply({ probedNames }, target) {
        const admins = adminAccounts(target);
        const last = probedNames.findLast(({ account }) => !admins.includes(account));
        if (!last) return false;
        last.taken = true;
        return undefined;
      },
    },
    {
      name: "the first account has no session of its own",
      apply({ probedNames }) {
        for (const one of probedNames.slice(0, 1)) one.taken = false;
      },
    },
    {
      name: "no account was tried under another's name",
      apply(facts) {
        facts.probedNames = facts.probedNames.filter(({ own }) => own);
      },
    },
    {
      name: "the executor puts an object into the first bucket",
      apply: ({ probedReach }, target) => turn(probedReach, adminServiceAccounts.executor, "metadata", "put", target),
    },
    {
      name: "the log provider reads an object of the last bucket",
      apply: ({ probedReach }, target) =>
        turn(probedReach, adminServiceAccounts.logs, "fastRegistration", "get", target),
    },
    {
      name: "the object store's account reads nothing of the last bucket",
      apply: ({ probedReach }, target) =>
        turn(probedReach, adminServiceAccounts.objectstore, "fastRegistration", "get", target),
    },
    {
      name: "the last bucket was not tried by everybody",
      apply(facts) {
        facts.probedReach = facts.probedReach.slice(0, -1);
      },
    },
  ],
});

function judgeName({ account, name, own, taken, told }: ProbedName): Finding {
  const subject = `${account} → a session named ${name}`;
  if (own) return taken ? pass(subject, `its own: ${told}`) : fail(subject, `its own, and refused: ${told}`);
  return taken ? fail(subject, `not its own, and given: ${told}`) : pass(subject, `not its own: ${told}`);
}

/** Under every name that the role knows; who has a part in it under its own too. */
function judgeTried(account: string, names: readonly ProbedName[], admins: readonly string[]): Finding {
  const tried = names.filter((one) => one.account === account);
  const missing = admins.filter((name) => !tried.some((one) => one.name === name));
  const owns = tried.some(({ own }) => own) === admins.includes(account);
  return missing.length === 0 && owns
    ? pass(account, `${tried.length} names tried`)
    : fail(account, `was not tried as ${missing.join(", ") || "what it is"}`);
}

function judgeReach({ account, bucket, action, allowed, told }: ProbedReach): Finding {
  const subject = `${account}: ${action} in ${bucket}`;
  const wanted = objectReach[account]?.includes(action) ?? false;
  return allowed === wanted
    ? pass(subject, told)
    : fail(subject, `${told}, where it should be ${wanted ? "done" : "refused"}`);
}

type Call = Pick<ProbedReach, "account" | "bucket" | "action">;

function isSame(one: ProbedReach, { account, bucket, action }: Call): boolean {
  return one.account === account && one.bucket === bucket && one.action === action;
}

function turn(
  reach: ProbedReach[],
  account: string,
  which: keyof Target["buckets"],
  action: Call["action"],
  target: Target,
): undefined | false {
  const found = reach.find((one) => isSame(one, { account, bucket: target.buckets[which], action }));
  if (!found) return false;
  found.allowed = !found.allowed;
  return undefined;
}
