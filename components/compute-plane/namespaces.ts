/** The namespaces of a compute plane and who takes which cloud role in them, from plain configuration. */
import type { Input } from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";
import { physicalName } from "../../shared/names.ts";
import {
  adminServiceAccounts,
  type PlaneIdentities,
  secretsServiceAccount,
  taskServiceAccount,
} from "../identity/contract.ts";
import { builderAccount, buildNamespace } from "../image-builder/contract.ts";
import { shippedLogs, shipperAccount, shipperNamespace, type TaskLogSettings } from "../logs/contract.ts";
import { storeNamespace } from "../metrics-store/contract.ts";
import type { SecretSettings } from "../secrets/backends.ts";
import { gatewayNamespace, servingNamespace } from "../serving/contract.ts";
import { podSecurityExceptions } from "../workloads/pod-security.ts";
import type { ComputePlaneArgs } from "./args.ts";
import { type ProjectDomain, projectNamespace } from "./project-domain.ts";

const kubernetesOwn = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** @throws UserError where two things would share a namespace, or a project would take one with a meaning of its own */
export function checkNamespaces({ namespace, projects }: { namespace: string; projects: ProjectDomain[] }): void {
  const taken = new Set([
    namespace,
    servingNamespace,
    gatewayNamespace,
    storeNamespace,
    ...kubernetesOwn,
    ...Object.keys(podSecurityExceptions),
  ]);
  for (const project of projects) {
    const wanted = projectNamespace(project);
    const name = physicalName("namespace", wanted);
    if (name !== wanted) {
      throw refusal({ subject: "the namespace <project>-<domain>", value: wanted, allowed: "at most 63 characters" });
    }
    if (taken.has(name)) {
      throw refusal({
        subject: "the namespace <project>-<domain>",
        value: name,
        allowed: "a name of its own: no other project's, none of the platform's or of Kubernetes' namespaces",
        todo: "Rename the project or the domain.",
      });
    }
    taken.add(name);
  }
}

/** Namespaces that are made below the restricted standard. */
export function exceptionsOf({ logs, imageBuilder }: ComputePlaneArgs): string[] {
  return [...(shippedLogs(logs) ? [shipperNamespace] : []), ...(imageBuilder ? [buildNamespace] : [])];
}

/** Namespaces of ours under the restricted standard that hold neither the platform's services nor tasks. */
export function besideOf({ metricsStore }: ComputePlaneArgs): string[] {
  return metricsStore ? [storeNamespace] : [];
}

interface RoleArgs {
  namespace: string;
  projects: ProjectDomain[];
  identities: PlaneIdentities;
  secrets: SecretSettings;
  logs?: TaskLogSettings;
  imageBuilder?: { roleArn: Input<string> };
}

/** What the task pods of a namespace are in the cloud. */
export function identityOfTasks({ user, projects = {} }: PlaneIdentities, namespace: string): Input<string> {
  return projects[namespace] ?? user;
}

/** @returns what each account that is anybody in the cloud is there, by `<namespace>/<account>` */
export function cloudRoles(args: RoleArgs): Record<string, Input<string>> {
  const { namespace, projects, identities, secrets } = args;
  const admins = [
    ...Object.values(adminServiceAccounts),
    ...(secrets.backend === "kubernetes" ? [] : [secretsServiceAccount]),
  ];
  const platform = admins.map((account) => [`${namespace}/${account}`, identities.admin]);
  const tasks = projects.map((project) => {
    const where = projectNamespace(project);
    return [`${where}/${taskServiceAccount}`, identityOfTasks(identities, where)];
  });
  const logs = shippedLogs(args.logs);
  const shipper = logs ? [[`${shipperNamespace}/${shipperAccount}`, logs.roleArn] as const] : [];
  const builder = args.imageBuilder
    ? [[`${buildNamespace}/${builderAccount}`, args.imageBuilder.roleArn] as const]
    : [];
  return Object.fromEntries([...platform, ...tasks, ...shipper, ...builder]);
}
