/** A project as it was read, as the evaluator takes it; and what an account holds in it. */
import type { Facts } from "../../facts.ts";
import type { GoogleBinding } from "../../facts-google.ts";
import type { GoogleTarget } from "../../target.ts";
import { decideGcp, stands } from "./decide.ts";
import type { GcpPolicies, GcpResource } from "./policy-file.ts";

export const googlePlaneFacts = [
  "googleProject",
  "googleRoles",
  "googleAccounts",
  "googleBuckets",
  "googleRepositories",
  "googleStores",
  "googleKeys",
] as const;
export type GooglePlane = Pick<Facts, (typeof googlePlaneFacts)[number]>;

/** Full names, as IAM has them. */
export const named = {
  above: (name: string) => `//cloudresourcemanager.googleapis.com/${name}`,
  bucket: (name: string) => `//storage.googleapis.com/projects/_/buckets/${name}`,
  object: (bucket: string, name: string) => `//storage.googleapis.com/projects/_/buckets/${bucket}/objects/${name}`,
  account: (project: string, email: string) => `//iam.googleapis.com/projects/${project}/serviceAccounts/${email}`,
  secret: (name: string) => `//secretmanager.googleapis.com/${name}`,
  view: (name: string) => `//logging.googleapis.com/${name}`,
  repository: (name: string) => `//artifactregistry.googleapis.com/${name}`,
  key: (name: string) => `//cloudkms.googleapis.com/${name}`,
};

export interface Policied {
  /** Full. */
  resource: string;
  bindings: readonly GoogleBinding[];
}

/** Every allow policy that was read: of what lies in the project, of itself, and of all above. */
export function policiesIn(plane: GooglePlane): Policied[] {
  const { googleProject: project, googleStores: stores } = plane;
  const own = (resource: string, { bindings }: { bindings: GoogleBinding[] }) => ({ resource, bindings });
  return [
    ...project.policies.map((one) => own(named.above(one.name), one)),
    ...plane.googleAccounts.map((one) => own(named.account(project.id, one.email), one)),
    ...plane.googleBuckets.map((one) => own(named.bucket(one.name), one)),
    ...plane.googleRepositories.map((one) => own(named.repository(one.name), one)),
    ...plane.googleKeys.map((one) => own(named.key(one.name), one)),
    ...stores.secrets.map((one) => own(named.secret(one.name), one)),
    ...stores.logBuckets.flatMap(({ views }) => views.map((one) => own(named.view(one.name), one))),
  ];
}

/** @param asked resources that have no policy of their own, such as a secret that is not there yet */
export function evaluatorOf(plane: GooglePlane, asked: readonly string[] = []): GcpPolicies {
  const { policies, denyPolicies, id } = plane.googleProject;
  const above = new Map(policies.map(({ name, parent }) => [named.above(name), parent && named.above(parent)]));
  const project = named.above(`projects/${id}`);
  const read = policiesIn(plane).map(({ resource, bindings }): GcpResource => {
    const parent = above.has(resource) ? (above.get(resource) ?? null) : project;
    return { name: resource, parent, policy: { bindings: bindings.map(conditioned) } };
  });
  const known = new Set(read.map(({ name }) => name));
  const others = [...new Set(asked)].filter(
    (name) => !known.has(name) && ![...known].some((one) => name.startsWith(`${one}/`)),
  );
  return {
    resources: [...read, ...others.map((name) => ({ name, parent: project, policy: { bindings: [] } }))],
    roles: plane.googleRoles.map(({ name, permissions }) => ({ name, includedPermissions: permissions })),
    denyPolicies: denyPolicies.map(({ on, rules }) => ({
      on: named.above(on),
      rules: rules.map(({ condition, ...rule }) => ({
        denyRule: { ...rule, ...(condition === undefined ? {} : { denialCondition: { expression: condition } }) },
      })),
    })),
    groups: {},
  };
}

const conditioned = ({ role, members, condition }: GoogleBinding) => ({
  ...{ role, members },
  ...(condition === undefined ? {} : { condition: { expression: condition } }),
});

export interface Question {
  /** `serviceAccount:…`, `user:…`, `allUsers`. */
  principal: string;
  permission: string;
  /** Full. */
  resource: string;
  context?: Record<string, string>;
}

/** @param groups every group that whoever asks is in; undefined where nobody told */
export function asker(plane: GooglePlane, questions: readonly Question[], groups?: readonly string[]) {
  const policies = evaluatorOf(
    plane,
    questions.map(({ resource }) => resource),
  );
  return ({ principal, permission, resource, context = {} }: Question) =>
    decideGcp(policies, {
      ...{ id: "asked", principal, permission, resource, context, attributes: {} },
      ...(groups ? { groups: [...groups] } : {}),
    });
}

export interface Held {
  resource: string;
  role: string;
  condition?: string;
  /** Those that mean something on that resource and beneath it. */
  permissions: string[];
}

/** What an account has by any binding that names it, or may name it; denials are not counted in its favour. */
export function heldBy(
  plane: GooglePlane,
  email: string,
  { accountGroups }: Pick<GoogleTarget, "accountGroups">,
): Held[] {
  const policies = evaluatorOf(plane);
  const asking = { principal: `serviceAccount:${email}`, attributes: {}, groups: accountGroups };
  const permissionsOf = new Map(plane.googleRoles.map(({ name, permissions }) => [name, permissions]));
  return policiesIn(plane).flatMap(({ resource, bindings }) =>
    bindings
      .filter(({ members }) => members.some((member) => stands(policies, member, asking).matches !== "no"))
      .map(({ role, condition }) => ({
        ...{ resource, role },
        ...(condition === undefined ? {} : { condition }),
        permissions: (permissionsOf.get(role) ?? []).filter((permission) => counts(resource, permission)),
      })),
  );
}

/** A bucket's policy gives rights on the bucket and its objects alone, whatever else a role holds. */
function counts(resource: string, permission: string): boolean {
  const [, service = ""] = /^\/\/([a-z]+)\.googleapis\.com\//.exec(resource) ?? [];
  return service === "cloudresourcemanager" || permission.startsWith(`${service}.`);
}
