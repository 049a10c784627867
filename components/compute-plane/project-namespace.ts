import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { annotationsOf } from "../identity/contract.ts";
import { IsolatedNamespace } from "../workloads/namespace.ts";
import { grantRole } from "../workloads/rbac.ts";
import { type ProjectDomain, projectNamespace } from "./project-domain.ts";
import { appsPolicy, type ProjectPlan, type ProjectSettings, planProject, tasksPolicy } from "./project-plan.ts";
import { projectDefaults, projectQuota } from "./project-quota.ts";

export interface ProjectNamespaceArgs extends ProjectDomain, ProjectSettings {
  /** What its task pods are in the cloud. */
  identity: pulumi.Input<string>;
  /** What a task pod starts sub-tasks with. */
  apiKey: pulumi.Input<string>;
  /** Namespace of the services that work here. */
  platform: pulumi.Input<string>;
}

/**
 * A namespace for task pods: they have a cloud role, no Kubernetes token, and reach TLS outside only. Proved by
 * `ns-per-project`, `ns-rbac-bindings`, `iam-user-sa-annotation`, `k8s-task-accounts-minimal` and, with a narrow
 * egress, `net-egress-cloudflare-cidrs`.
 */
export class ProjectNamespace extends pulumi.ComponentResource {
  /** What the services that work here wait for. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: ProjectNamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:compute-plane:ProjectNamespace", name, {}, opts);
    const { dnsServers } = args;
    const plan = planProject(args, args);
    const { labels, policies } = plan.namespace;

    const { ready: namespace } = new IsolatedNamespace(
      name,
      { namespace: projectNamespace(args), labels, quota: projectQuota, defaults: projectDefaults, dnsServers },
      { parent: this },
    );
    const walls = Object.entries({ tasks: tasksPolicy, apps: appsPolicy })
      .filter(([, policy]) => policies[policy])
      .map(
        ([child, policy]) =>
          new kubernetes.networking.v1.NetworkPolicy(
            `${name}-${child}`,
            { metadata: { name: policy, namespace }, spec: policies[policy] },
            { parent: this },
          ),
      );
    const { name: account, automountServiceAccountToken, cloud } = plan.account;
    const annotations = annotationsOf({ cloud, name: args.identity });
    const tasks = new kubernetes.core.v1.ServiceAccount(
      name,
      {
        metadata: { name: account, namespace, annotations },
        automountServiceAccountToken,
      },
      { parent: this },
    );
    const { name: secret, type } = plan.key;
    const key = new kubernetes.core.v1.Secret(
      `${name}-${secret}`,
      { metadata: { name: secret, namespace }, type, stringData: { "api-key": args.apiKey } },
      { parent: this },
    );

    this.ready = [...walls, tasks, key, ...grantServices(name, namespace, { plan, args, parent: this })];
    this.registerOutputs({});
  }
}

interface Granting {
  plan: ProjectPlan;
  args: ProjectNamespaceArgs;
  parent: pulumi.Resource;
}

function grantServices(
  name: string,
  namespace: pulumi.Output<string>,
  { plan, args: { platform }, parent }: Granting,
): pulumi.Resource[] {
  return plan.grants.map(({ role, account, rules }) =>
    grantRole(`${name}-${role}`, { role, namespace, rules, account: { name: account, namespace: platform }, parent }),
  );
}
