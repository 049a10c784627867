/** A plane's project-domains: those that the stack makes, and what the sync is given to make the others by. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { createConfigFiles, createSecretFiles } from "../workloads/files.ts";
import { rbacGroup } from "../workloads/grant-plan.ts";
import { labelsOf } from "../workloads/labels.ts";
import type { Place } from "../workloads/place.ts";
import type { ComputePlaneArgs } from "./args.ts";
import { identityOfTasks } from "./namespaces.ts";
import { syncClusterRole, syncPermissions } from "./on-demand.ts";
import { type ProjectDomain, projectNamespace } from "./project-domain.ts";
import { ProjectNamespace } from "./project-namespace.ts";

export function createProject({ name, namespace, parent }: Place, project: ProjectDomain, args: ComputePlaneArgs) {
  const { org, cloud, controlPlaneHost, taskClient, identities, dnsServers, egress } = args;
  const buildsImages = args.imageBuilder !== undefined;
  const servesApps = args.apps !== undefined;
  const where = projectNamespace(project);
  return new ProjectNamespace(
    `${name}-${where}`,
    {
      ...project,
      org,
      cloud: cloud.cloud,
      identity: identityOfTasks(identities, where),
      apiKey: renderApiKey({ host: controlPlaneHost, org, client: taskClient }),
      platform: namespace,
      dnsServers,
      egress,
      buildsImages,
      servesApps,
    },
    { parent },
  );
}

/** Nobody may create what is not there yet by a Role: the one ClusterRole of the plane, each of its rules by name. */
export function letSync(
  { name, namespace, parent }: Place,
  onDemand: ProjectDomain[],
  { namespace: platform, apps }: Pick<ComputePlaneArgs, "namespace" | "apps">,
): pulumi.Resource[] {
  return syncPermissions(onDemand, { servesApps: apps !== undefined })
    .filter(({ where }) => where === "cluster")
    .map(({ account, rules }) => {
      const metadata = { name: syncClusterRole(platform), labels: labelsOf("sync") };
      const role = new kubernetes.rbac.v1.ClusterRole(`${name}-sync`, { metadata, rules }, { parent });
      return new kubernetes.rbac.v1.ClusterRoleBinding(
        `${name}-sync`,
        {
          metadata,
          roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name: role.metadata.name },
          subjects: [{ kind: "ServiceAccount", name: account, namespace }],
        },
        { parent },
      );
    });
}

/** What the sync plans by: all that `createProject` gives a plan, for those on demand. */
export function giveSync({ name, namespace, parent }: Place, onDemand: ProjectDomain[], args: ComputePlaneArgs) {
  const { org, controlPlaneHost, taskClient, identities, dnsServers, egress = "open-443" } = args;
  const { cloud } = args.cloud;
  const projects = onDemand.map(({ project, domain }) => ({
    project,
    domain,
    roleArn: identityOfTasks(identities, projectNamespace({ project, domain })),
  }));
  const plan = pulumi.jsonStringify({
    ...{ org, platform: args.namespace, dnsServers, egress },
    ...(cloud === "aws" ? {} : { cloud }),
    projects,
    ...(args.imageBuilder ? { buildsImages: true } : {}),
    ...(args.apps ? { servesApps: true } : {}),
  });
  const apiKey = renderApiKey({ host: controlPlaneHost, org, client: taskClient });
  return {
    plan: createConfigFiles(name, { name: "sync-plan", namespace, content: { "plan.json": plan }, parent }),
    taskKey: createSecretFiles(name, { name: "sync-task-key", namespace, content: { "api-key": apiKey }, parent }),
  };
}

/** The client's own form of an API key: base64 of host, client id, client secret and organisation. */
function renderApiKey({ host, org, client }: { host: string; org: string; client: ComputePlaneArgs["taskClient"] }) {
  return pulumi
    .secret(client.secret)
    .apply((secret) => Buffer.from([host, client.id, secret, org].join(":")).toString("base64"));
}
