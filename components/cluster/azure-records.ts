/** What an AKS cluster tells of itself, kept in a workspace of the base's: who asked its API for what, and what it did. */
import { DiagnosticSetting } from "@pulumi/azure-native/monitor/diagnosticSetting.js";
import type * as pulumi from "@pulumi/pulumi";

/** Without plain reads, of which there are most. Source: AKS, "Monitoring data reference", resource logs. */
const keptRecords = [
  "kube-apiserver",
  "kube-audit-admin",
  "kube-controller-manager",
  "kube-scheduler",
  "cluster-autoscaler",
  "guard",
] as const;

export function keepRecords(
  name: string,
  { clusterId, workspaceId }: { clusterId: pulumi.Input<string>; workspaceId: pulumi.Input<string> },
  parent: pulumi.Resource,
): DiagnosticSetting {
  return new DiagnosticSetting(
    name,
    {
      ...{ name: "control-plane", resourceUri: clusterId, workspaceId, logAnalyticsDestinationType: "Dedicated" },
      logs: keptRecords.map((category) => ({ category, enabled: true })),
    },
    { parent },
  );
}
