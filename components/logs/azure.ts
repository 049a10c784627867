import { DataCollectionRule } from "@pulumi/azure-native/monitor/dataCollectionRule.js";
import { DataCollectionRuleAssociation } from "@pulumi/azure-native/monitor/dataCollectionRuleAssociation.js";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { createRole, grant } from "../identity/azure-grants.ts";
import { customRoles } from "../identity/azure-roles.ts";
import { createWorkspace, type WorkspaceArgs } from "./azure-workspace.ts";

export interface AzureTaskLogsArgs extends WorkspaceArgs {
  subscription: string;
  /** ARM id of the cluster, whose own agent writes the logs. */
  clusterId: pulumi.Input<string>;
  /** Whose containers' logs are kept. */
  projectNamespaces: readonly string[];
  /** Object id of the one identity that reads them. */
  readerPrincipal: pulumi.Input<string>;
}

/** Azure Monitor's, for the logs of containers with pod, namespace and time in columns of their own. */
const stream = "Microsoft-ContainerLogV2";
/** By this name, and no other, the agent looks for its rule. Source: Azure Monitor, "Enable Container insights". */
const associationName = "ContainerInsightsExtension";

/**
 * Where the task pods' logs are kept: a workspace of the plane's own in its region, to which AKS's agent sends what
 * containers of the projects' namespaces write. One identity reads that one table.
 * Proved by data-logs-in-aggregator, residency-region-chosen and tenant-separate-iam-boundaries.
 */
export class AzureTaskLogs extends pulumi.ComponentResource {
  /** GUID that queries name the workspace by, answered once logs come there and its reader may read them. */
  readonly workspace: pulumi.Output<string>;

  constructor(name: string, args: AzureTaskLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:logs:AzureTaskLogs", name, {}, opts);
    const workspace = createWorkspace(name, args, this);
    const rule = createRule(name, workspace.id, args, this);
    const sent = new DataCollectionRuleAssociation(
      name,
      { resourceUri: args.clusterId, associationName, dataCollectionRuleId: rule.id, description: "Logs of task pods" },
      { parent: this },
    );
    const role = createRole(`${name}-reader`, customRoles.logReader, args, this);
    const { subscription, readerPrincipal: principalId } = args;
    const description = "Reads the logs of task pods";
    const read = grant(`${name}-reader`, { subscription, role, scope: workspace.id, principalId, description }, this);
    this.workspace = pulumi.all([workspace.customerId, sent.id, read.id]).apply(([known]) => known);
    this.registerOutputs({ workspace: this.workspace });
  }
}

function createRule(
  name: string,
  workspaceResourceId: pulumi.Output<string>,
  { group, region, projectNamespaces, tags }: AzureTaskLogsArgs,
  parent: pulumi.Resource,
): DataCollectionRule {
  const collected = {
    ...{ enableContainerLogV2: true, interval: "1m" },
    ...{ namespaceFilteringMode: "Include", namespaces: [...projectNamespaces] },
  };
  return new DataCollectionRule(
    name,
    {
      ...{ resourceGroupName: group, location: region, dataCollectionRuleName: physicalName("azure-resource", name) },
      ...{ kind: "Linux", description: "Logs of task pods", tags },
      dataSources: {
        extensions: [
          {
            ...{ name: associationName, extensionName: "ContainerInsights", streams: [stream] },
            extensionSettings: { dataCollectionSettings: collected },
          },
        ],
      },
      destinations: { logAnalytics: [{ name: "tasks", workspaceResourceId }] },
      dataFlows: [{ streams: [stream], destinations: ["tasks"] }],
    },
    { parent },
  );
}
