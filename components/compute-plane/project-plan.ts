/**
 * Every object of one project-domain, as data. The stack makes them of those that are there from the beginning, and the
 * sync service of those that are made on demand, both from here: the same settings give the same objects.
 */
import type { types } from "@pulumi/kubernetes";
import { type Cloud, identityAnnotations, taskServiceAccount } from "../identity/contract.ts";
import { renderAppDoors } from "../serving/walls.ts";
import type { Egress } from "../workloads/egress.ts";
import { planBinding, planRole, rbacGroup } from "../workloads/grant-plan.ts";
import { type NamespacePlan, planNamespace } from "../workloads/namespace-plan.ts";
import { renderTaskEgress } from "../workloads/network-policy.ts";
import type { PlainRule } from "../workloads/service-spec.ts";
import { permissionsOf } from "./permissions.ts";
import { type ProjectDomain, projectNamespace } from "./project-domain.ts";
import { parkedQuota, projectDefaults, projectQuota } from "./project-quota.ts";

/** Secret of each project namespace by which task pods reach the control plane. */
export const eagerSecret = "eager-api-key";

/** What is the same for every project-domain of a plane. */
export interface ProjectSettings {
  org: string;
  dnsServers: string[];
  /** Where task pods may open TLS connections to. @default open-443 */
  egress?: Egress;
  /** Whose identities task pods take. @default aws */
  cloud?: Cloud;
  /** Task pods may ask the image builder for a build. @default false: there is none */
  buildsImages?: boolean;
  /** Apps run here beside tasks. @default false */
  servesApps?: boolean;
}

export interface ProjectPlan {
  namespace: NamespacePlan;
  account: { name: string; automountServiceAccountToken: boolean; cloud: Cloud };
  key: { name: string; type: string };
  /** Each a Role of that name, and a binding to an account of the platform's namespace. */
  grants: { role: string; account: string; rules: PlainRule[] }[];
}

/** @param parked its project takes no work any more: what is there stays, and no new pod starts. @default false */
export function planProject(space: ProjectDomain, settings: ProjectSettings, parked = false): ProjectPlan {
  const { org, dnsServers, egress, cloud = "aws", buildsImages = false, servesApps = false } = settings;
  const { project, domain } = space;
  const walls = planNamespace({
    namespace: projectNamespace(space),
    labels: { "biplane.dev/org": org, "biplane.dev/project": project, "biplane.dev/domain": domain },
    quota: parked ? parkedQuota : projectQuota,
    defaults: projectDefaults,
    dnsServers,
  });
  return {
    namespace: {
      ...walls,
      policies: {
        ...walls.policies,
        [tasksPolicy]: renderTaskEgress(egress, cloud, buildsImages),
        ...(servesApps ? { [appsPolicy]: renderAppDoors() } : {}),
      },
    },
    account: { name: taskServiceAccount, automountServiceAccountToken: false, cloud },
    key: { name: eagerSecret, type: "Opaque" },
    grants: permissionsOf({ servesApps })
      .filter(({ where }) => where === "projects")
      .map(({ role, account, rules }) => ({ role, account, rules })),
  };
}

/** NetworkPolicy of task pods. */
export const tasksPolicy = "allow-tasks";
/** Of apps' pods, beside it. */
export const appsPolicy = "allow-apps";

/** What only a running stack knows. */
export interface ProjectValues {
  /** Namespace of the services that work here. */
  platform: string;
  /** What its task pods are in the cloud: a role's ARN, a service account's e-mail. */
  identity: string;
  /** What a task pod starts sub-tasks with. */
  apiKey: string;
}

/** One object as the API takes it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

/** The namespace first, and what gives rights in it last: nobody works there before its walls stand. */
export function manifestsOf(plan: ProjectPlan, { platform, identity, apiKey }: ProjectValues): Manifest[] {
  const { name: namespace, labels, quota, limits, policies } = plan.namespace;
  const within = (name: string) => ({ name, namespace });
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } },
    { apiVersion: "v1", kind: "ResourceQuota", metadata: within(quota.name), spec: quota.spec },
    { apiVersion: "v1", kind: "LimitRange", metadata: within(limits.name), spec: limits.spec },
    ...Object.entries(policies).map(([name, spec]: [string, types.input.networking.v1.NetworkPolicySpec]) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: within(name),
      spec,
    })),
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: {
        ...within(plan.account.name),
        annotations: { [identityAnnotations[plan.account.cloud]]: identity },
      },
      automountServiceAccountToken: plan.account.automountServiceAccountToken,
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: within(plan.key.name),
      type: plan.key.type,
      stringData: { "api-key": apiKey },
    },
    ...plan.grants.flatMap(({ role, account, rules }) => {
      const { labels: marks, rules: granted } = planRole(role, rules);
      const metadata = { ...within(role), labels: marks };
      const apiVersion = `${rbacGroup}/v1`;
      const binding = planBinding(role, { name: account, namespace: platform });
      return [
        { apiVersion, kind: "Role", metadata, rules: granted },
        { apiVersion, kind: "RoleBinding", metadata, ...binding },
      ];
    }),
  ];
}
