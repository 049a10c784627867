/**
 * What may run in the build namespace. Its Pod Security level lets everything in, since a user namespace's needs are not
 * to be had by half; this policy takes back all but what BuildKit was seen to need, and that of the build pods alone.
 */
import { buildCapabilities } from "../image-builder/build-pod.ts";
import { builderAccount, buildNamespace } from "../image-builder/contract.ts";
import { list, text } from "./cel.ts";
import { repositoryOf } from "./images.ts";
import { onChange } from "./place.ts";
import { containers, told, toldOf } from "./pods.ts";
import type { Policy, Validation } from "./policy.ts";

export interface BuilderImages {
  /** Of the build pods, by digest. */
  build: string;
  /** Of the service that makes them. */
  service: string;
}

const buildAccount = "default";

export function planImageBuilder({ build, service }: BuilderImages): Policy {
  const each = (fault: string) => `variables.containers.all(c, !(${fault}))`;
  const rule = (condition: string, fault: string, allowed: string): Validation => ({
    expression: condition,
    told: told(fault, allowed),
  });
  const from = (image: string) => `c.?image.orValue("").startsWith(${text(`${repositoryOf(image)}@sha256:`)})`;
  const context = "c.?securityContext";
  const added = `${context}.?capabilities.?add.orValue([])`;
  return {
    name: "image-builder",
    claims: ["k8s-pod-security-non-root", "builder-on-customer-cluster", "n-builder-rootless"],
    guards: [{ resources: ["pods", "pods/ephemeralcontainers"], operations: ["CREATE", "UPDATE"] }],
    namespaces: [buildNamespace],
    conditions: [onChange],
    variables: [
      { name: "containers", expression: containers },
      { name: "volumes", expression: "object.spec.?volumes.orValue([])" },
      { name: "account", expression: `object.spec.?serviceAccountName.orValue(${text(buildAccount)})` },
      { name: "isService", expression: `variables.account == ${text(builderAccount)}` },
    ],
    validations: [
      {
        expression: `variables.account in ${list([builderAccount, buildAccount])}`,
        told: toldOf("variables.account", "runs as account ", `${builderAccount} and ${buildAccount}`),
      },
      rule(
        each(`!(${from(build)} || (variables.isService && ${from(service)}))`),
        "runs another image than the builder's",
        `${repositoryOf(build)} by digest`,
      ),
      rule("variables.volumes.all(v, !has(v.hostPath))", "mounts a folder of the node (hostPath)", "none"),
      rule(
        "variables.isService || variables.volumes.all(v, !has(v.projected))",
        "holds a token",
        "none: a build is nobody in the cluster and in the cloud",
      ),
      rule(
        ["hostNetwork", "hostPID", "hostIPC"].map((field) => `!object.spec.?${field}.orValue(false)`).join(" && "),
        "shares the node's network, processes or memory (hostNetwork, hostPID, hostIPC)",
        "none of the three",
      ),
      rule(
        each("c.?ports.orValue([]).exists(p, p.?hostPort.orValue(0) != 0)"),
        "listens on the node's own address (hostPort)",
        "ports of the pod",
      ),
      rule(
        `object.spec.?securityContext.?runAsNonRoot.orValue(false) && ` +
          each(`${context}.?runAsUser.orValue(1) == 0 || !${context}.?runAsNonRoot.orValue(true)`),
        "could run as root",
        "runAsNonRoot: true",
      ),
      rule(
        each(`${context}.?privileged.orValue(false) || ${context}.?procMount.orValue("Default") != "Default"`),
        "is privileged, or sees what is masked of /proc",
        "neither",
      ),
      rule(
        each(`variables.isService && ${context}.?allowPrivilegeEscalation.orValue(true)`),
        "could become more than it is",
        "allowPrivilegeEscalation: false for the service",
      ),
      rule(
        each(
          `!("ALL" in ${context}.?capabilities.?drop.orValue([])) || ` +
            `${added}.exists(a, variables.isService || !(a in ${list(buildCapabilities)}))`,
        ),
        "keeps a capability",
        `${buildCapabilities.join(" and ")} of a build pod, and none of the service`,
      ),
    ],
  };
}
