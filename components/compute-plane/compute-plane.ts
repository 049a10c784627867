import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { userSecretShards } from "../secrets/names.ts";
import { gatewayNamespace, servingNamespace } from "../serving/contract.ts";
import { checkEgress } from "../workloads/egress.ts";
import { createSecretFiles } from "../workloads/files.ts";
import { IsolatedNamespace } from "../workloads/namespace.ts";
import type { Place } from "../workloads/place.ts";
import { createPlatformPriority } from "../workloads/priority.ts";
import { createServiceAuthority } from "../workloads/service-tls.ts";
import { taskActionCrd } from "../workloads/task-action-crd.ts";
import { Workload } from "../workloads/workload.ts";
import { admit } from "./admission.ts";
import type { ComputePlaneArgs } from "./args.ts";
import { besideOf, checkNamespaces, exceptionsOf } from "./namespaces.ts";
import { onDemandOf } from "./on-demand.ts";
import { buildImages, keepMetrics, letManagers, serveApps, shipLogs } from "./optional-parts.ts";
import { giveItsOwn, letElect } from "./own-objects.ts";
import { appsLease, executorLease, identitySecret } from "./permissions.ts";
import { projectNamespace } from "./project-domain.ts";
import { createProject, giveSync, letSync } from "./projects.ts";
import { createWebhook, createWebhookCertificate } from "./secrets-webhook.ts";
import { planComputePlaneServices } from "./services.ts";

/** Room for every service twice over during a roll-out; nothing here is reachable from outside the cluster. */
const quota = {
  pods: "60",
  "requests.cpu": "8",
  "requests.memory": "16Gi",
  "limits.cpu": "64",
  "limits.memory": "64Gi",
  "services.loadbalancers": "0",
  "services.nodeports": "0",
};

const defaults = { request: { cpu: "20m", memory: "64Mi" }, limit: { cpu: "500m", memory: "256Mi" } };

/**
 * The customer's side in its cluster: the platform's services, a namespace for each project-domain, and what the API
 * server refuses. Proved by `verify-components-pods`, `ns-per-project`, `k8s-dp-permissions-match-appendix-d`,
 * `builder-base-images-approved` and those that its parts name.
 */
export class ComputePlane extends pulumi.ComponentResource {
  readonly namespaces: string[];

  constructor(name: string, args: ComputePlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:compute-plane:ComputePlane", name, {}, opts);
    const { image, dnsServers, apiPort, egress, scraper, collector } = args;
    checkNamespaces(args);
    if (egress) checkEgress(egress);
    const around = { dnsServers, apiPort, egress, scraper, collector };
    const projectNamespaces = args.projects.map(projectNamespace);

    const taskActions = new kubernetes.apiextensions.v1.CustomResourceDefinition(`${name}-taskactions`, taskActionCrd, {
      parent: this,
    });
    const { policies } = admit(name, projectNamespaces, args, this);
    const priority = createPlatformPriority(`${name}-priority`, { namespace: args.namespace, parent: this });
    const { ready: namespace } = new IsolatedNamespace(
      `${name}-namespace`,
      { namespace: args.namespace, labels: { "biplane.dev/org": args.org }, quota, defaults, dnsServers },
      { parent: this },
    );
    const platform: Place = { name, namespace, parent: this };
    const onDemand = onDemandOf(args.projects);
    const projects = args.projects
      .filter((project) => !onDemand.includes(project))
      .flatMap((project) => createProject(platform, project, args).ready);
    const syncRights = letSync(platform, onDemand, args);
    const tunnelSecret = giveItsOwn(platform, identitySecret);
    const protect = (args.protectSecrets ?? false) && args.secrets.backend === "kubernetes";
    const shards = userSecretShards.map((shard) => giveItsOwn(platform, shard, protect));
    const certificate = createWebhookCertificate(name, platform, args.namespace);
    const election = letElect(platform, "executor-election", executorLease);
    const appsElection = args.apps ? letElect(platform, "apps-election", appsLease) : [];
    const parts = { ...args, projectNamespaces, around, priority };
    shipLogs(platform, parts);
    const builder = buildImages(platform, parts);
    const serving = serveApps(platform, parts);
    letManagers(platform, parts, serving);
    const store = keepMetrics(platform, parts);

    const tokenFile = (file: string, token: pulumi.Input<string>) =>
      createSecretFiles(name, { name: file, namespace, content: { token }, parent: this });
    const connectorOf = (connector: ComputePlaneArgs["connector"], file: string) =>
      connector && { image: connector.image, token: tokenFile(file, connector.token) };
    const services = planComputePlaneServices({
      ...args,
      metricsReader: store?.reader,
      admin: args.identities.admin,
      builderAuthority: builder?.authority,
      appsDomain: args.apps?.domain,
      projectNamespaces,
      replicas: args.replicas ?? 2,
      registration: tokenFile("registration", args.registrationToken),
      webhookTls: certificate.tls,
      connector: connectorOf(args.connector, "connector"),
      appsConnector: args.apps && connectorOf(args.appsConnector, "apps-connector"),
      ...(onDemand.length > 0 ? { sync: giveSync(platform, onDemand, args) } : {}),
    });
    const needs: Record<string, pulumi.Resource[]> = {
      tunnel: [tunnelSecret],
      executor: [taskActions, ...election, ...projects],
      logs: projects,
      secrets: [...shards, ...projects],
      sync: [...syncRights, ...policies],
      apps: [...(serving?.kinds ?? []), ...appsElection, ...projects],
    };
    const tls = createServiceAuthority(platform, args.namespace);
    const workloads = services.map(
      (spec) =>
        new Workload(
          `${name}-${spec.name}`,
          { spec, all: services, namespace, image, priority, around, tls, needs: needs[spec.name] },
          { parent: this },
        ),
    );
    const { authority } = certificate;
    createWebhook(
      `${name}-secrets-webhook`,
      { namespace, projectNamespaces, authority, platform: args.namespace },
      { parent: this, dependsOn: workloads },
    );

    const ofApps = args.apps ? [servingNamespace, gatewayNamespace] : [];
    this.namespaces = [args.namespace, ...projectNamespaces, ...exceptionsOf(args), ...besideOf(args), ...ofApps];
    this.registerOutputs({ namespaces: this.namespaces });
  }
}
