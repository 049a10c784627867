/** What a pod may never have here, beside and beyond the restricted Pod Security standard. */
import { secretAnnotations } from "../secrets/names.ts";
import { platformPriority } from "../workloads/priority.ts";
import { join, list, text } from "./cel.ts";
import { onChange, type Place, restrictedNamespaces } from "./place.ts";
import type { Policy, Validation } from "./policy.ts";

export interface PodRules {
  /** The one account that task pods run as. */
  taskAccount: string;
  /** Of the only tokens that a task pod may hold: the cloud's, and the image builder's where there is one. */
  tokenAudiences: string[];
}

/** CEL of all of a pod's containers. */
export const containers = ["containers", "initContainers", "ephemeralContainers"]
  .map((kind) => `object.spec.?${kind}.orValue([])`)
  .join(" + ");

const pod = `"pod " + object.metadata.?name.orValue(object.metadata.?generateName.orValue("without a name"))`;

export function planPods(place: Place, rules: PodRules): Policy {
  return {
    name: "pods",
    claims: [
      "k8s-pod-security-non-root",
      "verify-pod-security-context",
      "k8s-task-accounts-minimal",
      "iam-user-no-platform-access",
      "iam-user-assumed-by-task-pods",
    ],
    guards: [{ resources: ["pods", "pods/ephemeralcontainers"], operations: ["CREATE", "UPDATE"] }],
    namespaces: restrictedNamespaces(place),
    conditions: [onChange],
    variables: [
      { name: "containers", expression: containers },
      { name: "volumes", expression: "object.spec.?volumes.orValue([])" },
      { name: "isPlatform", expression: `request.namespace == ${text(place.namespace)}` },
      { name: "account", expression: `object.spec.?serviceAccountName.orValue("default")` },
      { name: "notes", expression: "object.metadata.?annotations.orValue({})" },
      { name: "priority", expression: `object.spec.?priorityClassName.orValue("")` },
    ],
    validations: [...nodeRules, ...platformRules, ...taskRules(place, rules)],
  };
}

/** The standard refuses most of these too; here they hold even where a namespace lost its labels. */
const nodeRules: Validation[] = [
  {
    expression: ["hostNetwork", "hostPID", "hostIPC"]
      .map((field) => `!object.spec.?${field}.orValue(false)`)
      .join(" && "),
    told: told("shares the node's network, processes or memory (hostNetwork, hostPID, hostIPC)", "none of the three"),
  },
  {
    expression: "variables.volumes.all(volume, !has(volume.hostPath))",
    told: told("mounts a folder of the node (hostPath)", "emptyDir, configMap, secret, projected or a claim"),
  },
  {
    expression: "variables.containers.all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0))",
    told: told("listens on the node's own address (hostPort)", "ports of the pod"),
  },
  {
    expression: "variables.containers.all(c, !c.?securityContext.?privileged.orValue(false))",
    told: told("has a privileged container", "containers without privileges"),
  },
  {
    expression: `request.operation != "CREATE" || object.spec.?nodeName.orValue("") == ""`,
    told: told("chooses its node past the scheduler (nodeName)", "nodeSelector or affinity"),
  },
];

const platformRules: Validation[] = [
  {
    expression:
      "!variables.isPlatform || variables.containers.all(c, c.?securityContext.?readOnlyRootFilesystem.orValue(false))",
    told: told("has a container whose own files can be written", "readOnlyRootFilesystem: true"),
  },
];

/** The kubelet writes a token of the API into any pod that asks: task pods get the cloud's token and no other. */
function taskRules(place: Place, { taskAccount, tokenAudiences }: PodRules): Validation[] {
  const token = (source: string) =>
    `!has(${source}.serviceAccountToken) || ${source}.serviceAccountToken.?audience.orValue("") in ${list(tokenAudiences)}`;
  const kept = list([platformPriority(place.namespace)]);
  return [
    {
      expression: `variables.isPlatform || variables.account == ${text(taskAccount)}`,
      told: toldOf("variables.account", "runs as account ", `the namespace's own, ${taskAccount}`),
    },
    {
      expression: `variables.isPlatform || variables.volumes.all(v, v.?projected.?sources.orValue([]).all(s, ${token("s")}))`,
      told: told(
        "mounts a token of the Kubernetes API",
        `${["none", ...tokenAudiences.map((audience) => `one for ${audience}`)].join(", or ")} (set automountServiceAccountToken: false)`,
      ),
    },
    {
      // The webhook is asked before this: where it is gone, nothing starts as if it had asked for no secret.
      expression: `variables.isPlatform || !(${text(secretAnnotations.asked)} in variables.notes) || ${text(secretAnnotations.given)} in variables.notes`,
      told: told("asks for secrets and was given none", "pods that the secrets webhook has seen"),
    },
    {
      expression: `variables.isPlatform || !(variables.priority in ${kept} || variables.priority.startsWith("system-"))`,
      told: toldOf("variables.priority", "takes the platform's priority ", "no class, or one of your own"),
    },
  ];
}

export function told(fault: string, allowed: string): string {
  return join(pod, text(` ${fault}; allowed: ${allowed}.`));
}

export function toldOf(value: string, fault: string, allowed: string): string {
  return join(pod, text(` ${fault}`), value, text(`; allowed: ${allowed}.`));
}
