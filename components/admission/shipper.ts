/**
 * What may run in the log shipper's namespace. Its Pod Security level lets everything in, since that of a mounted folder
 * of the node is all or nothing; this policy takes back all but that.
 */
import { nodeLogs, nodeOffsets, shipperAccount, shipperNamespace } from "../logs/contract.ts";
import { list, text } from "./cel.ts";
import { repositoryOf } from "./images.ts";
import { onChange } from "./place.ts";
import { containers, told, toldOf } from "./pods.ts";
import type { Policy, Validation } from "./policy.ts";

/** @param image of the shipper, by digest */
export function planShipper(image: string): Policy {
  const repository = repositoryOf(image);
  const each = (fault: string) => `variables.containers.all(c, !(${fault}))`;
  const pod = (condition: string, fault: string, allowed: string): Validation => ({
    expression: condition,
    told: told(fault, allowed),
  });
  return {
    name: "log-shipper",
    claims: ["k8s-pod-security-non-root", "logs-fluentbit-daemonset"],
    guards: [{ resources: ["pods", "pods/ephemeralcontainers"], operations: ["CREATE", "UPDATE"] }],
    namespaces: [shipperNamespace],
    conditions: [onChange],
    variables: [
      { name: "containers", expression: containers },
      { name: "volumes", expression: "object.spec.?volumes.orValue([])" },
      { name: "account", expression: `object.spec.?serviceAccountName.orValue("default")` },
      {
        name: "logs",
        expression: `variables.volumes.filter(v, v.?hostPath.?path.orValue("") == ${text(nodeLogs)}).map(v, v.name)`,
      },
    ],
    validations: [
      {
        expression: `variables.account == ${text(shipperAccount)}`,
        told: toldOf("variables.account", "runs as account ", shipperAccount),
      },
      pod(
        each(`!c.?image.orValue("").startsWith(${text(`${repository}@sha256:`)})`),
        "runs another image than the log shipper's",
        `${repository} by digest`,
      ),
      pod(
        `variables.volumes.all(v, !has(v.hostPath) || v.hostPath.path in ${list([nodeLogs, nodeOffsets])})`,
        "mounts another folder of the node",
        `${nodeLogs} and ${nodeOffsets}`,
      ),
      pod(
        each("c.?volumeMounts.orValue([]).exists(m, m.name in variables.logs && !m.?readOnly.orValue(false))"),
        "could write the nodes' logs",
        `${nodeLogs} with readOnly: true`,
      ),
      pod(
        ["hostNetwork", "hostPID", "hostIPC"].map((field) => `!object.spec.?${field}.orValue(false)`).join(" && "),
        "shares the node's network, processes or memory (hostNetwork, hostPID, hostIPC)",
        "none of the three",
      ),
      pod(
        each("c.?ports.orValue([]).exists(p, p.?hostPort.orValue(0) != 0)"),
        "listens on the node's own address (hostPort)",
        "ports of the pod",
      ),
      pod(
        each(
          "c.?securityContext.?privileged.orValue(false) || c.?securityContext.?allowPrivilegeEscalation.orValue(true) || " +
            "!c.?securityContext.?readOnlyRootFilesystem.orValue(false)",
        ),
        "has a container that could become more than it is",
        "allowPrivilegeEscalation: false and readOnlyRootFilesystem: true",
      ),
      pod(
        each(
          "size(c.?securityContext.?capabilities.?add.orValue([])) != 0 || " +
            `!("ALL" in c.?securityContext.?capabilities.?drop.orValue([]))`,
        ),
        "keeps a capability",
        "none: capabilities.drop ALL",
      ),
    ],
  };
}
