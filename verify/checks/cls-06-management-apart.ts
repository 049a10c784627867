import { servingHomes } from "../../components/admission/management-serving.ts";
import { defineCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { planeFactNames, planeStores, planeWorld } from "../reason/iam/plane-world.ts";
import { simulate } from "../reason/iam/simulate.ts";
import type { World } from "../reason/iam/world.ts";
import { allows, type Grant, grantsToGroup, onAnyName, textOf, whoeverSignsIn } from "../reason/rbac/grants.ts";
import { ownNamespaces, type PlaneTarget, projectNamespaces } from "../target.ts";

const clusterWork = ["eks:DescribeCluster", "eks:UpdateClusterVersion", "eks:CreateNodegroup", "eks:CreateAddon"];
const nodeWork = ["eks:DescribeNodegroup", "eks:UpdateNodegroupConfig", "eks:UpdateNodegroupVersion"];

/** Data, what leads to data, and what acts as somebody who has it. */
const apart: Pick<Grant, "group" | "resource" | "verb">[] = [
  { group: "core", resource: "secrets", verb: "get" },
  { group: "core", resource: "secrets", verb: "list" },
  { group: "core", resource: "configmaps", verb: "get" },
  { group: "core", resource: "pods/exec", verb: "create" },
  { group: "core", resource: "pods/attach", verb: "create" },
  { group: "core", resource: "pods/portforward", verb: "create" },
  { group: "core", resource: "pods", verb: "create" },
  { group: "core", resource: "serviceaccounts/token", verb: "create" },
  { group: "flyte.org", resource: "taskactions", verb: "get" },
];
/** Of task pods: what the platform's own services write is how the vendor sees that they work. */
const apartInProjects = { group: "core", resource: "pods/log", verb: "get" };
/** What else would make more of those who change Deployments there. */
const apartInServing: typeof apart = [
  { group: "core", resource: "pods/ephemeralcontainers", verb: "patch" },
  { group: "core", resource: "serviceaccounts", verb: "impersonate" },
  { group: "apps", resource: "deployments", verb: "create" },
  { group: "rbac.authorization.k8s.io", resource: "rolebindings", verb: "create" },
  { group: "networking.k8s.io", resource: "networkpolicies", verb: "patch" },
];

export const managementIsApart = defineCheck({
  id: "CLS-06",
  title:
    "BYOC: the management identity upgrades and scales the cluster, and is refused data, secrets, logs and sessions",
  severity: "critical",
  claims: ["model-byoc-vendor-manages", "model-byoc-separated-from-data"],
  documented: [],
  fix: "Give the management role and its group the rights of their level by the customer's stacks, and nothing else.",
  needs: [...planeFactNames, "roles", "clusterRoles", "roleBindings", "clusterRoleBindings"],
  notApplicable({ model, management }) {
    if (model === "self-managed") return "self-managed: no identity of the vendor's exists, as VND-01 decides";
    return management?.level === "read-only" ? "the customer lets the vendor look only, and manages itself" : undefined;
  },
  evaluate(facts, target) {
    const { management } = target;
    if (!management) return [fail("management", "the target names no management role")];
    const world = planeWorld(facts, []);
    const { roleArn, group } = management;
    if (!world.entities.some(({ arn }) => arn === roleArn)) return [fail(roleArn, "does not exist")];
    // The managers have what everybody has, whoever they are.
    const held = onAnyName([group, whoeverSignsIn].flatMap((one) => grantsToGroup(one, facts)));
    return [
      ...workOf(facts.cluster.arn).map(({ action, resource }) => judge(world, roleArn, action, resource, "allowed")),
      ...planeStores(target).flatMap(({ resource, actions, context }) =>
        actions.map((action) => judge(world, roleArn, action, resource, "denied", context)),
      ),
      ...refusedIn(target).map((asked): Finding => {
        const subject = `group ${group} → ${textOf({ ...asked, via: "" })}`;
        const grant = allows(held, asked);
        return grant ? fail(subject, `allowed by ${grant.via}`) : pass(subject, "no rule says so");
      }),
    ];
  },
  sabotages: [
    {
      name: "the role may not upgrade the cluster",
      apply: ({ principals }, { management }) =>
        change(principals, management?.roleArn, { effect: "Deny", action: "eks:updateclusterversion" }),
    },
    {
      name: "the role loses its boundary and reads log lines",
      apply: ({ principals }, { management }) =>
        change(principals, management?.roleArn, { effect: "Allow", action: "logs:getlogevents" }),
    },
    {
      name: "the group reads the pods' logs in the last project",
      apply: (facts, target) => grantLogs(facts, target, { kind: "Group", name: target.management?.group ?? "" }),
    },
    {
      name: "the group reads every setting of what serves apps",
      apply: (facts, target) => grantSettings(facts, target, { kind: "Group", name: target.management?.group ?? "" }),
    },
    {
      name: "everybody who signs in may open a shell in every pod, by a wildcard before the slash",
      apply(facts) {
        facts.clusterRoles.push({
          metadata: { name: "shell" },
          rules: [{ apiGroups: [""], resources: ["*/exec"], verbs: ["create"] }],
        });
        facts.clusterRoleBindings.push({
          metadata: { name: "shell" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "shell" },
          subjects: [{ kind: "Group", name: whoeverSignsIn }],
        });
      },
    },
    {
      name: "the group may do everything everywhere",
      apply(facts, target) {
        facts.clusterRoles.push({
          metadata: { name: "all" },
          rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
        });
        facts.clusterRoleBindings.push({
          metadata: { name: "all" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "all" },
          subjects: [{ kind: "Group", name: target.management?.group ?? "" }],
        });
      },
    },
  ],
});

function workOf(clusterArn: string): { action: string; resource: string }[] {
  const nodegroup = `${clusterArn.replace(":cluster/", ":nodegroup/")}/default/0a`;
  return [
    ...clusterWork.map((action) => ({ action, resource: clusterArn })),
    ...nodeWork.map((action) => ({ action, resource: nodegroup })),
  ];
}

function judge(
  world: World,
  arn: string,
  action: string,
  resource: string,
  wanted: "allowed" | "denied",
  context?: Parameters<typeof simulate>[2]["context"],
): Finding {
  const answer = simulate(world, arn, { action, resource, context });
  const subject = `${arn} → ${action} ${resource}`;
  return answer === wanted ? pass(subject, answer) : fail(subject, `${answer}, where ${wanted} is right`);
}

/** What the vendor's managers may not do in any namespace of the plane, nor in those of what serves its apps. */
export function refusedIn(target: PlaneTarget): Omit<Grant, "via">[] {
  const own = ownNamespaces(target).flatMap((namespace) => [
    ...apart.map((one) => ({ ...one, namespace })),
    ...(namespace === target.namespace ? [] : [{ ...apartInProjects, namespace }]),
  ]);
  return target.servesApps ? [...own, ...Object.values(servingHomes).flatMap(refusedInServing)] : own;
}

/** Knative's settings that they change are read by name; to list all would be to read the others too. */
export function refusedInServing(namespace: string): Omit<Grant, "via">[] {
  const asked = apart.map((one) => (one.resource === "configmaps" ? { ...one, verb: "list" } : one));
  return [...asked, ...apartInServing, apartInProjects].map((one) => ({ ...one, namespace }));
}

function change(
  principals: { entities: World["entities"] },
  arn: string | undefined,
  { effect, action }: { effect: "Allow" | "Deny"; action: string },
) {
  const none = { notActions: [], notResources: [], principals: [], conditions: {} };
  const document = {
    version: "2012-10-17",
    statements: [{ effect, actions: [action], resources: ["*"], ...none }],
  };
  principals.entities = principals.entities.map(({ boundary, ...entity }) =>
    entity.arn === arn
      ? { ...entity, inline: [...entity.inline, { document }] }
      : { ...entity, ...(boundary ? { boundary } : {}) },
  );
  return undefined;
}

/** A sabotage: of the last project's pods, the namespace that is looked at last. */
export function grantLogs(
  { clusterRoles, roleBindings }: Pick<Facts, "clusterRoles" | "roleBindings">,
  target: PlaneTarget,
  subject: { kind: "Group" | "User"; name: string },
): undefined {
  const name = "log-reader";
  clusterRoles.push({ metadata: { name }, rules: [{ apiGroups: [""], resources: ["pods/log"], verbs: ["get"] }] });
  roleBindings.push({
    metadata: { name: "log-readers", namespace: projectNamespaces(target).at(-1) },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
    subjects: [subject],
  });
}

/** A sabotage: of settings that lead to data, such as where requests are told to, in the namespace that is looked at last. */
export function grantSettings(
  { roles, roleBindings }: Pick<Facts, "roles" | "roleBindings">,
  { servesApps }: PlaneTarget,
  subject: { kind: "Group" | "User"; name: string },
): undefined | false {
  if (!servesApps) return false;
  const metadata = { name: "settings-reader", namespace: Object.values(servingHomes).at(-1) };
  roles.push({ metadata, rules: [{ apiGroups: [""], resources: ["*"], verbs: ["list"] }] });
  roleBindings.push({
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name },
    subjects: [subject],
  });
  return undefined;
}
