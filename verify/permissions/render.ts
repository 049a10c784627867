/** The least rights by which every fact is read, as what Kubernetes and AWS take. Pure. */
import type { V1ClusterRole, V1PolicyRule } from "@kubernetes/client-node";
import type { Plane } from "../check.ts";
import {
  aboveProjects,
  awsCalls,
  azureActions,
  azureListing,
  type ClusterCall,
  clusterCalls,
  googleAuditLog,
  googlePermissions,
  rightFor,
} from "./calls.ts";

/** In the `aws` partition. */
interface Statement {
  Sid: string;
  Effect: "Allow";
  Action: string[];
  Resource: string | string[];
}

export interface Policy {
  Version: "2012-10-17";
  Statement: Statement[];
}

/** Of one bucket; everything else that is read has no name before it is listed. */
const ofBuckets = new Set((awsCalls.compute.buckets ?? []).map(rightFor));

/** @param buckets names of the plane's two, when they are known; any bucket otherwise */
export function leastPolicy(plane: Plane, buckets: readonly string[] = ["*"]): Policy {
  const actions = sorted(Object.values(awsCalls[plane]).flat().map(rightFor));
  const own = actions.filter((action) => ofBuckets.has(action));
  const others = actions.filter((action) => !ofBuckets.has(action));
  const Resource = buckets.map((name) => `arn:aws:s3:::${name}`);
  return {
    Version: "2012-10-17",
    Statement: [
      { Sid: "Describe", Effect: "Allow", Action: others, Resource: "*" },
      ...(own.length > 0 ? [{ Sid: "Buckets", Effect: "Allow", Action: own, Resource } as const] : []),
    ],
  };
}

/**
 * A custom role, as `gcloud iam roles create --file` takes it.
 * @param where of the project; or of the organisation, for a project that lies in one: deny policies and policies above
 */
export function leastGoogleRole(where: "project" | "organization" = "project") {
  const all = sorted(Object.values(googlePermissions).flat()).filter((one) => one !== googleAuditLog);
  return {
    title: "Biplane verifier",
    description: "Reads what verify judges, and no value",
    stage: "GA",
    includedPermissions:
      where === "project"
        ? all.filter((one) => !aboveProjects.includes(one))
        : all.filter((one) => aboveProjects.includes(one) || one.startsWith("iam.denypolicies.")),
  };
}

/** A second, given in the project under a condition: entries of the audit log, and of no log of a task's. */
export function leastGoogleAuditReader() {
  return {
    ...leastGoogleRole(),
    title: "Biplane verifier of makers",
    description: "Reads who made what in the audit log, by its condition",
    includedPermissions: [googleAuditLog],
  };
}

/** Of `_Required`, which every project has and no task's line comes into, wherever it lies. */
export const auditLogOnly = 'resource.name.endsWith("/buckets/_Required/views/_AllLogs")';

/** A custom role, as `az role definition create --role-definition` takes it. */
export function leastAzureRole(subscription = "<subscription>") {
  return {
    Name: "Biplane verifier",
    Description: "Reads what verify judges, and no value",
    AssignableScopes: [`/subscriptions/${subscription}`],
    Actions: sorted(Object.values(azureActions).flat()),
    NotActions: [],
    DataActions: [],
    NotDataActions: [],
  };
}

/** The second, for names of objects, is given on the storage account under a condition: listing, and no reading. */
export function leastAzureLister(subscription = "<subscription>") {
  return {
    ...leastAzureRole(subscription),
    Name: "Biplane verifier of names",
    Description: "Lists names of objects, by its condition",
    Actions: [],
    DataActions: [azureListing],
  };
}

export const listsOnly = `((!(ActionMatches{'${azureListing}'})) OR (SubOperationMatches{'Blob.List'}))`;

/** One rule for each group and verb. */
export function leastClusterRole(plane: Plane): V1ClusterRole {
  const calls = Object.values(clusterCalls[plane]).flat();
  const groups = Object.groupBy(calls, ({ group, verb }: ClusterCall) => `${group}/${verb}`);
  const rules = Object.values(groups).map((own = []): V1PolicyRule => {
    const [{ group, verb } = { group: "", verb: "list" }] = own;
    return { apiGroups: [group], resources: sorted(own.map(({ resource }) => resource)), verbs: [verb] };
  });
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: plane === "compute" ? "biplane-verifier" : "biplane-region-verifier" },
    rules,
  };
}

const sorted = (values: readonly string[]) => [...new Set(values)].sort();
