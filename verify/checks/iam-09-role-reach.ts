import { adminServiceAccounts, secretsServiceAccount } from "../../components/identity/contract.ts";
import { secretPrefix } from "../../components/secrets/names.ts";
import { defineCheck } from "../check.ts";
import { objectReach } from "../documented/appendix-e.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { planeFactNames, planeWorld, taskLogGroup } from "../reason/iam/plane-world.ts";
import type { Goal } from "../reason/iam/reach.ts";
import { inSession, overTls, simulate } from "../reason/iam/simulate.ts";
import type { World } from "../reason/iam/world.ts";
import type { Target } from "../target.ts";

interface Question extends Goal {
  role: "admin" | "user";
  /** Name of the session, for a role whose accounts differ by it. */
  session?: string;
  wanted: "allowed" | "denied";
}

const objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"];
const { executor, objectstore, logs: logProvider } = adminServiceAccounts;
const sessions = [...Object.values(adminServiceAccounts), secretsServiceAccount];
const secrets = [
  "secretsmanager:CreateSecret",
  "secretsmanager:DeleteSecret",
  "secretsmanager:GetSecretValue",
  "secretsmanager:PutSecretValue",
];

/**
 * By the policies themselves, each right with its counterpart next door that must be refused, and for the admin role with
 * the sessions of the services whose right it is not. Of a session whose account the role does not trust, too: who trusts
 * it later has no more.
 */
export const rolesReachTheirOwn = defineCheck({
  id: "IAM-09",
  title:
    "The admin role gives each service its own of both buckets, the plane's secrets and logs, and nothing next door; tasks' role has no secret",
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
      name: "the first session puts objects too",
      apply: ({ principals }, target) => widen(principals, "s3:putobject", [executor], target),
    },
    {
      name: "the last session reads logs too",
      apply: ({ principals }, target) => widen(principals, "logs:getlogevents", [secretsServiceAccount], target),
    },
    {
      name: "secrets are for whoever has the role",
      apply: ({ principals }, target) => widen(principals, "secretsmanager:getsecretvalue", undefined, target),
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
  const platform = (session: string, wanted: Question["wanted"], actions: string[], resource: string): Question[] =>
    actions.map((action) => ({ role: "admin", session, wanted, action, resource }));
  /** Allowed in these sessions, and denied in every other. */
  const only = (who: string[], actions: string[], resource: string) =>
    sessions.flatMap((one) => platform(one, who.includes(one) ? "allowed" : "denied", actions, resource));
  const nobody = (actions: string[], resource: string) => only([], actions, resource);
  const may = (action: "get" | "put") => sessions.filter((one) => objectReach[one]?.includes(action));
  return [
    ...names.flatMap((name) => [
      ...only(may("get"), ["s3:GetObject"], `arn:aws:s3:::${name}/${org}/object`),
      ...only(may("put"), ["s3:PutObject", "s3:DeleteObject"], `arn:aws:s3:::${name}/${org}/object`),
      ...only(may("get"), ["s3:ListBucket"], `arn:aws:s3:::${name}`),
      ...platform(objectstore, "denied", objects, `arn:aws:s3:::${name}-next-door/${org}/object`),
      ...nobody(["s3:PutBucketPolicy", "s3:DeleteBucket"], `arn:aws:s3:::${name}`),
    ]),
    ...only([secretsServiceAccount], secrets, secret(`${secretPrefix(org)}_/_/name`)),
    ...nobody(secrets, secret("next-door/name")),
    ...only([logProvider], ["logs:GetLogEvents", "logs:FilterLogEvents"], logs(group)),
    ...nobody(["logs:PutLogEvents", "logs:DeleteLogGroup"], logs(group)),
    ...nobody(["logs:GetLogEvents"], logs("/next-door")),
    ...[...secrets, "secretsmanager:ListSecrets"].map(
      (action): Question => ({
        ...{ role: "user", wanted: "denied", action },
        resource: secret(`${secretPrefix(org)}_/_/name`),
      }),
    ),
  ];
}

function judge({ role, session, wanted, ...goal }: Question, world: World, target: Target): Finding {
  const arn = arnOf(role, target);
  const who = session === undefined ? target.roles[role] : `${target.roles[role]} as ${session}`;
  const subject = `${who} → ${goal.action} ${goal.resource}`;
  if (!world.entities.some((entity) => entity.arn === arn)) return fail(subject, `${arn} does not exist`);
  const context = { ...(wanted === "allowed" ? overTls : {}), ...(session === undefined ? {} : inSession(session)) };
  const answer = simulate(world, arn, { ...goal, context });
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

/** Lets other sessions have what a statement of the admin role gives, or everybody who has the role. */
function widen(
  principals: { entities: World["entities"] },
  action: string,
  sessions: string[] | undefined,
  target: Target,
): undefined | false {
  const found = principals.entities
    .filter(({ arn }) => arn === arnOf("admin", target))
    .flatMap(({ inline, attached }) => [...inline, ...attached])
    .flatMap(({ document }) => document.statements)
    .find(({ actions }) => actions.includes(action));
  if (!found) return false;
  const { "aws:userid": given = [] } = found.conditions.StringLike ?? {};
  const wider = sessions?.map((session) => `*:${session}`) ?? ["*"];
  found.conditions = { ...found.conditions, StringLike: { "aws:userid": [...given, ...wider] } };
  return undefined;
}

function statement(effect: "Allow" | "Deny", action: string, resource: string, principals: string[]) {
  const none = { notActions: [], notResources: [], conditions: {} };
  return { effect, actions: [action], resources: [resource], principals, ...none };
}
