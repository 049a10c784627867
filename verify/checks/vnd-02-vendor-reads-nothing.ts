import { adminServiceAccounts } from "../../components/identity/contract.ts";
import { defineCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { planeFactNames, planeStores, planeWorld, stranger } from "../reason/iam/plane-world.ts";
import { inSession, overTls, simulate } from "../reason/iam/simulate.ts";
import type { World } from "../reason/iam/world.ts";
import type { Target } from "../target.ts";

/** Of the aggregator; `planeStores` names the plainest only. */
const logReads = ["logs:FilterLogEvents", "logs:StartLiveTail", "logs:StartQuery"];

/** Questions, not ways: those VND-01 and CLS-03 look for. */
export const vendorReadsNothing = defineCheck({
  id: "VND-02",
  title: "The vendor's people are refused every object, secret, image and log line in the customer's account",
  severity: "critical",
  claims: ["human-no-data-store-access", "human-logs-relay-only"],
  documented: [],
  fix: "Take the statement away that names the vendor, or that gives its management role more than its level.",
  needs: planeFactNames,
  evaluate(facts, target) {
    const world = planeWorld(facts, [stranger]);
    return [
      control(world, target),
      ...peopleOf(target).flatMap(({ arn, who }) =>
        world.entities.some((entity) => entity.arn === arn)
          ? questionsOf(target).map((question) => judge(world, arn, who, question))
          : [fail(who, `${arn} does not exist`)],
      ),
    ];
  },
  sabotages: [
    {
      name: "the last bucket's policy lets everybody read",
      apply({ buckets }) {
        const last = buckets.at(-1);
        if (last)
          last.policy = { version: "2012-10-17", statements: [open("s3:getobject", `arn:aws:s3:::${last.name}/*`)] };
      },
    },
    {
      name: "the repository's policy lets everybody pull",
      apply({ repositories }, { repository }) {
        const own = repositories.find(({ name }) => name === repository);
        if (!own) return false;
        own.policy = { version: "2012-10-17", statements: [open("ecr:batchgetimage", "*")] };
        return undefined;
      },
    },
    {
      name: "the first bucket's policy lets everybody write, who comes over one network",
      apply({ buckets }) {
        const [first] = buckets;
        const conditions = { IpAddress: { "aws:sourceip": ["203.0.113.0/24"] } };
        const statement = { ...open("s3:*", `arn:aws:s3:::${first?.name}/*`), conditions };
        if (first) first.policy = { version: "2012-10-17", statements: [statement] };
      },
    },
  ],
});

interface Question {
  store: string;
  action: string;
  resource: string;
  context?: Parameters<typeof simulate>[2]["context"];
}

function questionsOf(target: Target): Question[] {
  return planeStores(target).flatMap(({ name, resource, actions, context }) =>
    (name.startsWith("logs of ") ? [...actions, ...logReads] : actions).map((action) => ({
      store: name,
      action,
      resource,
      context,
    })),
  );
}

function judge(world: World, arn: string, who: string, { store, ...goal }: Question): Finding {
  const answer = simulate(world, arn, goal);
  const subject = `${who} → ${store} (${goal.action})`;
  return answer === "denied" ? pass(subject, "denied") : fail(subject, answer);
}

/** One that must be let in by the same question: an evaluator that refuses everybody says nothing. */
function control(world: World, target: Target): Finding {
  const arn = `arn:aws:iam::${target.account}:role/${target.roles.admin}`;
  const [first] = questionsOf(target);
  const { objectstore } = adminServiceAccounts;
  const subject = `control: ${target.roles.admin} → ${first?.store} (${first?.action})`;
  if (!first || !world.entities.some((entity) => entity.arn === arn)) return fail(subject, `${arn} does not exist`);
  const answer = simulate(world, arn, { ...first, context: { ...overTls, ...inSession(objectstore) } });
  return answer === "allowed" ? pass(subject, "allowed") : fail(subject, `${answer}: the questions cannot tell`);
}

/** Who of the vendor's there is: anybody of another account with every right there, and the role that it manages by. */
function peopleOf({ management }: Target): { arn: string; who: string }[] {
  const anybody = { arn: stranger.arn, who: "anybody of another account" };
  return management ? [anybody, { arn: management.roleArn, who: management.roleArn }] : [anybody];
}

function open(action: string, resource: string) {
  const none = { notActions: [], notResources: [], conditions: {} };
  return { effect: "Allow" as const, actions: [action], resources: [resource], principals: ["*"], ...none };
}
