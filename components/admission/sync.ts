/**
 * The sync's fence. RBAC gives it names; here is what may bear them: only namespaces that the stack declared as on
 * demand, with exactly the labels that Pod Security and the platform need, in them only the objects of the plan, and only
 * what it made itself. What the plan says is written out, so a sync that was taken over makes nothing else either.
 */
import { isKubernetesOwn, pluralOf, syncAccount, syncManager, syncMark } from "../compute-plane/on-demand.ts";
import { type ProjectDomain, projectNamespace } from "../compute-plane/project-domain.ts";
import { type Manifest, manifestsOf, type ProjectSettings, planProject } from "../compute-plane/project-plan.ts";
import { managedByLabel, namespaceLabel } from "../workloads/labels.ts";
import { join, list, text, value } from "./cel.ts";
import type { Policy } from "./policy.ts";

export interface SyncFence {
  /** Namespace of the platform's services. */
  namespace: string;
  onDemand: ProjectDomain[];
  settings: ProjectSettings;
}

const labelsOf = (object: string) => `${object}.metadata.?labels.orValue({})`;

export function planSync({ namespace, onDemand, settings }: SyncFence): Policy {
  const who = `system:serviceaccount:${namespace}:${syncAccount}`;
  const told = (fault: string, allowed: string) =>
    join(`variables.asked + " of " + variables.where`, text(` is not the sync's: ${fault}; allowed: ${allowed}.`));
  const isEvent = `variables.kind == "/events" && request.namespace == ${text(namespace)}`;
  return {
    name: "sync",
    claims: ["ns-per-project", "ns-rbac-bindings", "k8s-platform-accounts-scoped", "k8s-rbac-service-accounts"],
    guards: [{ group: "*", resources: ["*/*"], operations: ["CREATE", "UPDATE", "DELETE", "CONNECT"] }],
    conditions: [{ name: "by-the-sync", expression: `request.userInfo.username == ${text(who)}` }],
    variables: [
      {
        name: "kind",
        expression:
          `request.resource.group + "/" + request.resource.resource + ` +
          `(request.?subResource.orValue("") == "" ? "" : "/" + request.subResource)`,
      },
      { name: "asked", expression: `variables.kind + ":" + request.operation + " " + request.name` },
      { name: "where", expression: `variables.kind == "/namespaces" ? request.name : request.namespace` },
      { name: "writes", expression: `request.operation in ["CREATE", "UPDATE"]` },
      { name: "isEvent", expression: isEvent },
      { name: "labels", expression: `variables.writes ? ${labelsOf("object")} : {}` },
      { name: "before", expression: `request.operation == "UPDATE" ? ${labelsOf("oldObject")} : {}` },
      { name: "spaces", expression: spaceLabels(onDemand, settings) },
    ],
    validations: [
      {
        expression: "variables.writes",
        told: told("it makes and puts right", "to create and to update"),
      },
      {
        expression: `variables.isEvent || variables.where in ${list(onDemand.map(projectNamespace))}`,
        told: told("the stack declares no such project as on demand", "namespaces of projects with onDemand: true"),
      },
      {
        // Else a name would be enough: in another's namespace everything is the other's, and what is not there yet too.
        expression:
          `variables.isEvent || variables.kind == "/namespaces" || ` +
          isMarked("namespaceObject.metadata.?labels.orValue({})"),
        told: told("it did not make that namespace", `namespaces with the label ${managedByLabel}: ${syncManager}`),
      },
      {
        // Without a mark before, it is another's; what Kubernetes made by itself in a namespace of ours excepted.
        expression:
          `variables.isEvent || request.operation != "UPDATE" || ${isMarked("variables.before")} || ` +
          `(variables.kind == "/serviceaccounts" && request.name == "default")`,
        told: told("it did not make that", `objects with the label ${managedByLabel}: ${syncManager}`),
      },
      {
        expression: `variables.isEvent || !variables.writes || ${isMarked("variables.labels")}`,
        told: told("it would not be known as made by it", `with the label ${managedByLabel}: ${syncManager}`),
      },
      {
        expression: `variables.kind != "/namespaces" || !variables.writes || (${namespaceShape})`,
        told: told("its labels are others than planned", "those of Pod Security and of the project, and no more"),
      },
      {
        expression: `variables.isEvent || variables.kind == "/namespaces" || !variables.writes || (${plannedShapes({ namespace, onDemand, settings })})`,
        told: told("it is not as planned", "the kinds, names and content of the project-domain's plan"),
      },
    ],
  };
}

const isMarked = (labels: string) => `${labels}[?${text(managedByLabel)}].orValue("") == ${text(syncManager)}`;

/** Planned labels by namespace. */
function spaceLabels(onDemand: readonly ProjectDomain[], settings: ProjectSettings): string {
  const spaces = onDemand.map((space) => {
    const { name, labels } = planProject(space, settings).namespace;
    return [name, { ...labels, ...syncMark }];
  });
  return value(Object.fromEntries(spaces));
}

/** Each planned label as planned; any other one is another's, and stays as it was. */
const namespaceShape =
  `variables.where in variables.spaces && variables.spaces[variables.where].all(key, key in variables.labels && ` +
  `variables.labels[key] == variables.spaces[variables.where][key]) && ` +
  `variables.labels.all(key, key in variables.spaces[variables.where] || key == ${text(namespaceLabel)} || ` +
  `variables.labels[key] == variables.before[?key].orValue(""))`;

/** Objects have the same names and the same content in each namespace; what differs has a rule of its own. */
function plannedShapes({ namespace, onDemand, settings }: SyncFence): string {
  const [any = { project: "any", domain: "any" }] = onDemand;
  const values = { platform: namespace, identity: "", apiKey: "" };
  const parked = manifestsOf(planProject(any, settings, true), values);
  const shapes = manifestsOf(planProject(any, settings), values)
    .map((active, at) => [active, parked[at] ?? active] as const)
    .filter(([{ kind }]) => kind !== "Namespace")
    .map(([active, other]) => {
      const { apiVersion, metadata } = active;
      const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
      const isIt = `variables.kind == ${text(`${group}/${pluralOf(active)}`)} && request.name == ${text(metadata.name)}`;
      const alternatives = [...new Set([shapeOf(active), shapeOf(other)])];
      return `(${isIt} && (${alternatives.join(" || ")}))`;
    });
  return shapes.join(" || ");
}

function shapeOf(manifest: Manifest): string {
  if (manifest.kind === "Secret") {
    return (
      `object.type == ${text(String(manifest.type))} && object.?data.orValue({}).all(key, ` +
      `key in ${list(Object.keys(manifest.stringData ?? {}))} || (request.operation == "UPDATE" && key in oldObject.?data.orValue({})))`
    );
  }
  // Which cloud role it names, the policy of accounts says.
  if (isKubernetesOwn(manifest)) {
    return (
      `object.?automountServiceAccountToken.orValue(true) == ${manifest.automountServiceAccountToken} && ` +
      `size(object.?imagePullSecrets.orValue([])) == 0`
    );
  }
  const { apiVersion, kind, metadata, ...content } = manifest;
  return Object.entries(content)
    .map(([field, planned]) => `object.${field} == ${value(planned)}`)
    .join(" && ");
}
