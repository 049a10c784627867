/**
 * BYOC where apps are served: what the vendor's managers may do to Knative and Kourier. A release is other images of the
 * same programs, so these alone may change, each within its repository and by digest: what a pod is told, mounts and acts as
 * stays the customer stack's, since every app's requests pass here.
 */
import { managedConfigs } from "../serving/configs.ts";
import {
  gatewayController,
  gatewayName,
  gatewayNamespace,
  servingNamespace,
  servingPrograms,
} from "../serving/contract.ts";
import type { PlainRule } from "../workloads/service-spec.ts";
import { join, list, text } from "./cel.ts";
import type { ManagementRight } from "./management.ts";
import type { Policy, Validation } from "./policy.ts";

/** By the words of `ManagementRight.where`. */
export const servingHomes = { serving: servingNamespace, gateway: gatewayNamespace } as const;

/** Deployments by name: a second one beside them would be a workload of somebody's own. */
export const managedPrograms = {
  serving: [...servingPrograms, gatewayController],
  gateway: [gatewayName],
} as const satisfies Record<keyof typeof servingHomes, readonly string[]>;

const released = (names: readonly string[]): PlainRule[] => [
  { apiGroups: ["apps"], resources: ["deployments"], resourceNames: [...names], verbs: ["patch"] },
  {
    apiGroups: ["apps"],
    resources: ["deployments/scale"],
    resourceNames: [...names],
    verbs: ["get", "patch", "update"],
  },
];
const stuck: PlainRule[] = [{ apiGroups: [""], resources: ["pods"], verbs: ["delete"] }];

/** Of logs none: the gateway sees whoever asks for an app, and for what. */
export const servingRights: ManagementRight[] = [
  {
    from: "no-delete",
    where: "serving",
    purpose: "upgrade, restart and scale Knative and the gateway's controller",
    rules: released(managedPrograms.serving),
  },
  {
    from: "no-delete",
    where: "serving",
    purpose: "configure how apps are scaled, and by which release of the proxy beside them",
    rules: [
      {
        apiGroups: [""],
        resources: ["configmaps"],
        resourceNames: [...managedConfigs],
        verbs: ["get", "patch", "update"],
      },
    ],
  },
  {
    from: "no-delete",
    where: "gateway",
    purpose: "upgrade, restart and scale the gateway",
    rules: released(managedPrograms.gateway),
  },
  { from: "full", where: "serving", purpose: "remove stuck pods", rules: stuck },
  { from: "full", where: "gateway", purpose: "remove stuck pods", rules: stuck },
];

/**
 * Every field of a pod's specification but its containers and its own sum of resources, and every one of a container but
 * image and resources, as Kubernetes knows them: CEL has no word for the rest of an object.
 */
export const keptOfPods = [
  ...[
    "activeDeadlineSeconds",
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
  ],
  ...["ephemeralContainers", "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostUsers", "hostname"],
  ...["hostnameOverride", "imagePullSecrets", "initContainers", "nodeName", "nodeSelector", "os", "overhead"],
  ...["preemptionPolicy", "priority", "priorityClassName", "readinessGates", "resourceClaims", "restartPolicy"],
  ...["runtimeClassName", "schedulerName", "schedulingGates", "schedulingGroup", "securityContext", "serviceAccount"],
  ...["serviceAccountName", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds"],
  ...["tolerations", "topologySpreadConstraints", "volumes", "workloadRef"],
];
export const keptOfContainers = [
  ...["args", "command", "env", "envFrom", "imagePullPolicy", "lifecycle", "livenessProbe", "ports", "readinessProbe"],
  ...["resizePolicy", "restartPolicy", "restartPolicyRules", "securityContext", "startupProbe", "stdin", "stdinOnce"],
  ...["terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir"],
];

const podOf = (object: string) => `${object}.spec.template.spec`;
const same = (one: string, other: string, fields: readonly string[]) =>
  fields.map((field) => `${one}.?${field} == ${other}.?${field}`).join(" && ");
const repository = (image: string) => `${image}.find("^([^/@]+/)*[^/@:]+")`;
const isRelease = (image: string, of: string) =>
  `(${image} == ${of} || (${image}.matches("@sha256:[0-9a-f]{64}$") && ${repository(image)} == ${repository(of)}))`;

/** Settings of the proxy beside every app that change what it is made of and takes, and not what it is given. */
const image = "queue-sidecar-image";
const proxySettings = [
  image,
  ...["queue-sidecar-cpu-request", "queue-sidecar-cpu-limit", "queue-sidecar-memory-request"],
  ...["queue-sidecar-memory-limit", "progress-deadline"],
];

export const servingVariables: NonNullable<Policy["variables"]> = [
  { name: "releases", expression: inHomes("apps/deployments:UPDATE") },
  { name: "configures", expression: inHomes("/configmaps:UPDATE") },
  {
    name: "strangers",
    expression:
      `variables.releases ? ${podOf("object")}.containers.filter(now, !${podOf("oldObject")}.containers.exists(then, ` +
      `then.name == now.name && ${isRelease("now.image", "then.image")})).map(now, now.image) : []`,
  },
  { name: "settings", expression: "variables.configures ? object.?data.orValue({}) : {}" },
  { name: "before", expression: "variables.configures ? oldObject.?data.orValue({}) : {}" },
  { name: "proxies", expression: `variables.configures && request.name == "config-deployment"` },
];

function inHomes(asked: string): string {
  return `variables.asked == ${text(asked)} && variables.where in ${list(Object.values(servingHomes))}`;
}

/** @param who CEL of who asks */
export function servingValidations(who: string): Validation[] {
  const [now, then] = [podOf("object"), podOf("oldObject")];
  const labels = (object: string) => `${object}.spec.template.metadata.?labels`;
  const free = list(proxySettings);
  return [
    {
      expression: "size(variables.strangers) == 0",
      told: join(
        who,
        `" runs " + variables.strangers[0] + " in deployment " + request.name`,
        text("; allowed: another release of the same program, from its own repository and by digest."),
      ),
    },
    {
      expression:
        `!variables.releases || (${labels("object")} == ${labels("oldObject")} && ${same(now, then, keptOfPods)} && ` +
        `size(${now}.containers) == size(${then}.containers) && ${now}.containers.all(now, ${then}.containers.exists(then, ` +
        `then.name == now.name && ${same("now", "then", keptOfContainers)})))`,
      told: join(
        who,
        `" changes what pods of deployment " + request.name + " are"`,
        text(
          "; allowed: their images' release, resources, number and restart. The rest is changed by the customer stack.",
        ),
      ),
    },
    {
      expression:
        "!variables.configures || (!object.?immutable.orValue(false) && object.?binaryData == oldObject.?binaryData)",
      told: join(who, `" seals settings " + request.name`, text("; allowed: changing what they say.")),
    },
    {
      expression:
        `!variables.proxies || (variables.settings.all(key, key in ${free} || ` +
        `(key in variables.before && variables.settings[key] == variables.before[key])) && ` +
        `variables.before.all(key, key in ${free} || key in variables.settings))`,
      told: join(
        who,
        `" changes settings of " + request.name`,
        text(` that are the customer stack's; allowed: ${proxySettings.join(", ")}.`),
      ),
    },
    {
      expression:
        `!variables.proxies || (${text(image)} in variables.settings && ${text(image)} in variables.before && ` +
        `${isRelease(`variables.settings[${text(image)}]`, `variables.before[${text(image)}]`)})`,
      told: join(
        who,
        text(" puts another program beside every app"),
        text("; allowed: another release of the same proxy, from its own repository and by digest."),
      ),
    },
  ];
}
