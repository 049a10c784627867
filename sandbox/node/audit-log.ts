/** What a node's API server records, as EKS's audit log does: who changed what, and whether they might. */
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import type { NodeLayout } from "./layout.ts";

/** Written many times a second by whatever lives in a cluster, about nothing that anybody decided. */
const chatter = [
  { group: "coordination.k8s.io", resources: ["leases"] },
  { group: "", resources: ["events"] },
  { group: "events.k8s.io", resources: ["events"] },
  { group: "authentication.k8s.io", resources: ["tokenreviews"] },
  { group: "authorization.k8s.io" },
];
const changes = ["create", "update", "patch", "delete", "deletecollection"];

/** One JSON object a line, without bodies: these hold Secrets. */
export const auditLogOf = (node: NodeLayout): string => node.file("audit.log");

/** Writes the policy. EKS records reads too, for which this machine has no room. @returns the API server's arguments */
export function auditArguments(node: NodeLayout): string[] {
  const policy = {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    rules: [{ level: "None", resources: chatter }, { level: "Metadata", verbs: changes }, { level: "None" }],
  };
  writeFileSync(node.file("audit-policy.yaml"), stringify(policy));
  return [
    `--audit-policy-file=${node.file("audit-policy.yaml")}`,
    `--audit-log-path=${auditLogOf(node)}`,
    "--audit-log-mode=batch",
    "--audit-log-maxsize=100",
    "--audit-log-maxbackup=1",
  ];
}
