import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { taskServiceAccount } from "../identity/contract.ts";
import type { Egress } from "../workloads/egress.ts";
import { IsolatedNamespace } from "../workloads/namespace.ts";
import { renderTaskEgress } from "../workloads/network-policy.ts";
import { grantRole } from "../workloads/rbac.ts";
import { permissions } from "./permissions.ts";
import { projectDefaults, projectQuota } from "./project-quota.ts";
import { eagerSecret } from "./services.ts";

/** One project in one domain: the unit of isolation inside a compute plane. */
export interface ProjectDomain {
  project: string;
  domain: string;
}

export interface ProjectNamespaceArgs extends ProjectDomain {
  org: string;
  /** Role of its task pods. */
  userRoleArn: pulumi.Input<string>;
  /** What a task pod starts sub-tasks with. */
  apiKey: pulumi.Input<string>;
  /** Namespace of the services that work here. */
  platform: pulumi.Input<string>;
  dnsServers: string[];
  /** Where task pods may open TLS connections to. @default open-443 */
  egress?: Egress;
}

export function projectNamespace({ project, domain }: ProjectDomain): string {
  return `${project}-${domain}`;
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
    const { org, project, domain, dnsServers } = args;

    const { ready: namespace } = new IsolatedNamespace(
      name,
      {
        namespace: projectNamespace(args),
        labels: { "biplane.dev/org": org, "biplane.dev/project": project, "biplane.dev/domain": domain },
        quota: projectQuota,
        defaults: projectDefaults,
        dnsServers,
      },
      { parent: this },
    );
    const egress = new kubernetes.networking.v1.NetworkPolicy(
      `${name}-tasks`,
      { metadata: { name: "allow-tasks", namespace }, spec: renderTaskEgress(args.egress) },
      { parent: this },
    );
    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      {
        metadata: {
          name: taskServiceAccount,
          namespace,
          annotations: { "eks.amazonaws.com/role-arn": args.userRoleArn },
        },
        automountServiceAccountToken: false,
      },
      { parent: this },
    );
    const key = new kubernetes.core.v1.Secret(
      `${name}-${eagerSecret}`,
      { metadata: { name: eagerSecret, namespace }, type: "Opaque", stringData: { "api-key": args.apiKey } },
      { parent: this },
    );

    this.ready = [egress, account, key, ...grantServices(name, namespace, args, this)];
    this.registerOutputs({});
  }
}

function grantServices(
  name: string,
  namespace: pulumi.Output<string>,
  { platform }: ProjectNamespaceArgs,
  parent: pulumi.Resource,
): pulumi.Resource[] {
  return permissions
    .filter(({ where }) => where === "projects")
    .map(({ role, account, rules }) =>
      grantRole(`${name}-${role}`, { role, namespace, rules, account: { name: account, namespace: platform }, parent }),
    );
}
