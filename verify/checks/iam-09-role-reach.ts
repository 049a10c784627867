import { secretPrefix } from "../../components/secrets/names.ts";
import { defineCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { planeFactNames, planeWorld, taskLogGroup } from "../reason/iam/plane-world.ts";
import type { Goal } from "../reason/iam/reach.ts";
import { overTls, simulate } from "../reason/iam/simulate.ts";
import type { World } from "../reason/iam/world.ts";
import type { Target } from "../target.ts";

interface Question extends Goal {
  role: "admin" | "user";
  wanted: "allowed" | "denied";
}

const objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];
const secrets = [
  "secretsmanager:CreateSecret",
  "secretsmanager:DeleteSecret",
  "secretsmanager:GetSecretValue",
  "secretsmanager:PutSecretValue",
];

/** By the policies themselves, each right with its counterpart next door that must be refused. */
export const rolesReachTheirOwn = defineCheck({
  id: "IAM-09",
  title:
    "The admin role works on both buckets, the plane's secrets and its logs, next door it is refused; tasks' role has no secret",
  severity: "high",
  claims: [
    "iam-admin-object-store-rw",
    "iam-admin-secrets-manager",
    "iam-admin-logs-read",
    "iam-user-no-secrets-manager",
  ],
  documented: ["C07"],
  fix: "Bring the customer's stack up again: it writes both roles' policies.",
  needs: planeFactNames,
  evaluate(facts, target) {
    const world = planeWorld(facts, []);
    return questionsOf(target).map((question) => judge(question, world, target));
  },
  sabotages: [
    {
      name: "the admin role's policies are gone",
      apply({ principals }, target) {
        principals.entities = principals.entities.map((entity) =>
          entity.arn === arnOf("admin", target) ? { ...entity, inline: [], attached: [] } : entity,
        );
      },
    },
    {
      name: "the second bucket denies the admin role's writes",
      apply({ buckets }, target) {
        const last = buckets.find(({ name }) => name === target.buckets.fastRegistration);
        if (!last) return false;
        const deny = statement("Deny", "s3:putobject", `arn:aws:s3:::${last.name}/*`, ["*"]);
        last.policy = { version: "2012-10-17", statements: [...(last.policy?.statements ?? []), deny] };
        return undefined;
      },
    },
    {
      name: "the admin role reads every secret of the account",
      apply: ({ principals }, target) => give(principals, "admin", "secretsmanager:getsecretvalue", target),
    },
    {
      name: "the admin role writes logs",
      apply: ({ principals }, target) => give(principals, "admin", "logs:put*", target),
    },
    {
      name: "the tasks' role reads secrets by a wildcard",
      apply: ({ principals }, target) => give(principals, "user", "secretsmanager:get*", target),
    },
  ],
});

function questionsOf(target: Target): Question[] {
  const { account, region, org, buckets } = target;
  const group = taskLogGroup(target);
  const own = `${region}:${account}`;
  const names = [buckets.metadata, buckets.fastRegistration];
  const secret = (name: string) => `arn:aws:secretsmanager:${own}:secret:${name}`;
  const logs = (name: string) => `arn:aws:logs:${own}:log-group:${name}:log-stream:stream`;
  const ask = (role: Question["role"], wanted: Question["wanted"], actions: string[], resource: string): Question[] =>
    actions.map((action) => ({
      ...{ role, wanted, action, resource },
      ...(wanted === "allowed" ? { context: overTls } : {}),
    }));
  return [
    ...names.flatMap((name) => [
      ...ask("admin", "allowed", objects, `arn:aws:s3:::${name}/${org}/object`),
      ...ask("admin", "allowed", ["s3:ListBucket"], `arn:aws:s3:::${name}`),
      ...ask("admin", "denied", objects, `arn:aws:s3:::${name}-next-door/${org}/object`),
      ...ask("admin", "denied", ["s3:PutBucketPolicy", "s3:DeleteBucket"], `arn:aws:s3:::${name}`),
    ]),
    ...ask("admin", "allowed", secrets, secret(`${secretPrefix(org)}_/_/name`)),
    ...ask("admin", "denied", secrets, secret("next-door/name")),
    ...ask("admin", "allowed", ["logs:GetLogEvents", "logs:FilterLogEvents"], logs(group)),
    ...ask("admin", "denied", ["logs:PutLogEvents", "logs:DeleteLogGroup"], logs(group)),
    ...ask("admin", "denied", ["logs:GetLogEvents"], logs("/next-door")),
    ...ask("user", "denied", [...secrets, "secretsmanager:ListSecrets"], secret(`${secretPrefix(org)}_/_/name`)),
  ];
}

function judge({ role, wanted, ...goal }: Question, world: World, target: Target): Finding {
  const arn = arnOf(role, target);
  const subject = `${target.roles[role]} → ${goal.action} ${goal.resource}`;
  if (!world.entities.some((entity) => entity.arn === arn)) return fail(subject, `${arn} does not exist`);
  const answer = simulate(world, arn, goal);
  return answer === wanted ? pass(subject, answer) : fail(subject, `${answer}, where ${wanted} is right`);
}

function arnOf(role: Question["role"], { account, roles }: Target): string {
  return `arn:aws:iam::${account}:role/${roles[role]}`;
}

function give(principals: { entities: World["entities"] }, role: Question["role"], action: string, target: Target) {
  const document = { version: "2012-10-17", statements: [statement("Allow", action, "*", [])] };
  principals.entities = principals.entities.map((entity) =>
    entity.arn === arnOf(role, target) ? { ...entity, attached: [...entity.attached, { document }] } : entity,
  );
  return undefined;
}

function statement(effect: "Allow" | "Deny", action: string, resource: string, principals: string[]) {
  const none = { notActions: [], notResources: [], conditions: {} };
  return { effect, actions: [action], resources: [resource], principals, ...none };
}
