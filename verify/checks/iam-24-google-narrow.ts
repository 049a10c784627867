import { objectsUnder, secretsUnder } from "../../components/identity/gcp-roles.ts";
import { secretIdPrefix } from "../../components/secrets/names.ts";
import { defineGoogleCheck } from "../check.ts";
import { type TaskAccount, taskAccounts } from "../google-accounts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { googlePlaneFacts, type Held, heldBy, named } from "../reason/gcp/plane.ts";
import { type GoogleTarget, secretsInCloud } from "../target.ts";
import { grantInProject } from "./iam-23-google-families.ts";

/** Each grant lies on something of the plane's own; a condition counts only where it is the very one of the kit. */
export const googleNarrow = defineGoogleCheck({
  id: "IAM-24",
  title:
    "The plane's accounts reach its own buckets, secrets and logs by name, tasks' only their own prefix, and nothing beyond",
  severity: "critical",
  claims: ["iam-roles-narrow", "lp-iam-minimum-permissions"],
  documented: ["C07"],
  fix: "Grant on the bucket, the view or the secrets' prefix, as the customer stack does, and not in the project.",
  needs: googlePlaneFacts,
  evaluate(facts, target) {
    const { number } = facts.googleProject;
    return [
      { email: target.accounts.admin, envelope: adminEnvelope(target, number) },
      ...taskAccounts(target).map((task) => ({ email: task.email, envelope: taskEnvelope(task, target) })),
    ].flatMap(({ email, envelope }): Finding[] => {
      const held = heldBy(facts, email, target).filter(({ permissions }) => permissions.length > 0);
      if (held.length === 0) return [fail(email, "has no right at all")];
      return held.map((one) => {
        const subject = `${email} on ${one.resource}`;
        const beyond = one.permissions.find(
          (permission) => !envelope.some((allowed) => fits(allowed, one, permission)),
        );
        const by = `${one.role}${one.condition === undefined ? "" : `, ${one.condition}`}`;
        return beyond === undefined ? pass(subject, by) : fail(subject, `has ${beyond} by ${by}`);
      });
    });
  },
  sabotages: [
    {
      name: "tasks' grant on the first bucket loses its condition",
      apply({ googleBuckets }, target) {
        const [bucket] = googleBuckets;
        const binding = bucket?.bindings.find(
          ({ members, condition }) =>
            condition && members.includes(`serviceAccount:${taskAccounts(target).at(-1)?.email}`),
        );
        if (!binding) return false;
        delete binding.condition;
        return undefined;
      },
    },
    {
      name: "tasks' condition is for another organisation too",
      apply({ googleBuckets }, target) {
        const bucket = googleBuckets.at(-1);
        const member = `serviceAccount:${taskAccounts(target).at(-1)?.email}`;
        const binding = bucket?.bindings.find(({ members, condition }) => condition && members.includes(member));
        if (!bucket || !binding) return false;
        binding.condition = `${binding.condition} || resource.name.startsWith("projects/_/buckets/${bucket.name}/objects/globex/")`;
        return undefined;
      },
    },
    {
      name: "the admin's account has objects of every bucket of the project",
      apply: (facts, target) =>
        grantInProject(facts, target.accounts.admin, "roles/storage.objectAdmin", ["storage.objects.get"]),
    },
    {
      name: "tasks may take the admin's account",
      apply({ googleAccounts, googleRoles }, { accounts }) {
        const role = "roles/iam.serviceAccountTokenCreator";
        googleAccounts
          .find(({ email }) => email === accounts.admin)
          ?.bindings.push({ role, members: [`serviceAccount:${accounts.user}`] });
        googleRoles.push({ name: role, permissions: ["iam.serviceAccounts.getAccessToken"] });
      },
    },
    {
      name: "the admin's account keeps every secret of the project",
      apply: (facts, target) =>
        grantInProject(facts, target.accounts.admin, "roles/secretmanager.admin", ["secretmanager.versions.access"]),
    },
  ],
});

interface Allowed {
  resource: string;
  permission: RegExp;
  /** What must be asked for beside; none where there need be none. */
  condition?: string;
}

const objects = /^storage\.(objects|folders|managedFolders|multipartUploads)\./;

function adminEnvelope(target: GoogleTarget, number: string): Allowed[] {
  const { accounts, buckets, project, org, logView } = target;
  const inProject = named.above(`projects/${project}`);
  const own = secretsUnder(number, secretIdPrefix(org)).expression;
  return [
    ...[buckets.metadata, buckets.fastRegistration].map((name) => ({
      resource: named.bucket(name),
      permission: objects,
    })),
    { resource: named.account(project, accounts.admin), permission: /^iam\.serviceAccounts\.signBlob$/ },
    ...(secretsInCloud(target)
      ? [
          // IAM asks it of the project, before there is a name to judge (docs/decisions/0029).
          { resource: inProject, permission: /^secretmanager\.secrets\.create$/ },
          { resource: inProject, permission: /^secretmanager\./, condition: own },
        ]
      : []),
    ...(logView ? [{ resource: named.view(logView), permission: /^logging\./ }] : []),
  ];
}

function taskEnvelope({ prefix }: TaskAccount, { buckets }: GoogleTarget): Allowed[] {
  return [buckets.metadata, buckets.fastRegistration].map((name) => ({
    ...{ resource: named.bucket(name), permission: objects },
    condition: objectsUnder(name, prefix).expression,
  }));
}

function fits({ resource, permission, condition }: Allowed, held: Held, asked: string): boolean {
  return (
    held.resource === resource && permission.test(asked) && (condition === undefined || held.condition === condition)
  );
}
