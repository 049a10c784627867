/**
 * The one table of roles beside the platform's two: who takes each, and exactly what it may. A service's documented
 * policy is attached where AWS keeps it with the service; everything else is written here.
 */
import { refusal } from "../../shared/errors.ts";
import { builderAccount, buildNamespace } from "../image-builder/contract.ts";
import { type ShipperKind, shipperAccount, shipperNamespace } from "../logs/contract.ts";
import { renderTrust } from "./aws-policies.ts";
import type { Subject } from "./contract.ts";
import {
  renderAuditExport,
  renderAuditTrail,
  renderBackup,
  renderFlowLogs,
  renderImageBuilder,
  renderLogShipper,
  renderNodeAutoscaler,
  renderNodePatching,
} from "./narrow-policies.ts";
import type { TrustIssuer } from "./trust-plan.ts";

/** What the documents name. Each kind says what it needs; what is missing is refused. */
export interface RoleScope {
  region: string;
  account: string;
  /** Name of the EKS cluster. */
  cluster: string;
  /** For roles of pods. */
  issuer?: TrustIssuer;
  /** Name of the CloudWatch log group that is written. */
  logGroup?: string;
  /** Namespace of the pods, where a stack chooses it. */
  namespace?: string;
  /** Name of the bucket that is written. */
  bucket?: string;
  /** The program that ships logs. @default fluent-bit */
  shipper?: ShipperKind;
  /** Path of the image repository. */
  repository?: string;
}

export type RoleScopeNeed = "logGroup" | "namespace" | "bucket" | "repository";

export interface NarrowRoleSpec {
  description: string;
  /** An AWS service, or one exactly named service account; without a namespace, of that which the scope names. */
  takenBy: { service: string; ownAccountOnly: boolean } | { pods: Omit<Subject, "namespace"> & Partial<Subject> };
  /** AWS's own policies, by name under arn:aws:iam::aws:policy/. */
  managed: readonly string[];
  needs: readonly RoleScopeNeed[];
  /** Its one inline policy. @default none */
  policy?: (scope: Required<RoleScope>) => object;
}

const service = (name: string, ownAccountOnly = true) => ({ service: `${name}.amazonaws.com`, ownAccountOnly });
const pods = (namespace: string, serviceAccount: string) => ({ pods: { namespace, serviceAccount } });

export const narrowRoles = {
  // EKS and EC2 take their roles without telling whose account asks.
  cluster: {
    description: "EKS control plane of this cluster",
    takenBy: service("eks", false),
    managed: ["AmazonEKSClusterPolicy"],
    needs: [],
  },
  node: {
    description: "Nodes: join the cluster, pull images",
    takenBy: service("ec2", false),
    managed: ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"],
    needs: [],
  },
  "vpc-cni": {
    description: "Network plugin: addresses of pods",
    takenBy: pods("kube-system", "aws-node"),
    managed: ["AmazonEKS_CNI_Policy"],
    needs: [],
  },
  "disk-driver": {
    description: "EBS CSI driver: disks of claims",
    takenBy: pods("kube-system", "ebs-csi-controller-sa"),
    managed: ["service-role/AmazonEBSCSIDriverPolicy"],
    needs: [],
  },
  "node-autoscaler": {
    description: "Cluster Autoscaler: size of this cluster's node groups",
    takenBy: pods("kube-system", "cluster-autoscaler"),
    managed: [],
    needs: [],
    policy: renderNodeAutoscaler,
  },
  "node-patching": {
    description: "EventBridge Scheduler: newest image for this cluster's nodes",
    takenBy: service("scheduler"),
    managed: [],
    needs: [],
    policy: renderNodePatching,
  },
  "image-builder": {
    description: "Image builder: pushes task images",
    takenBy: pods(buildNamespace, builderAccount),
    managed: [],
    needs: ["repository"],
    policy: renderImageBuilder,
  },
  "log-shipper": {
    description: "Log shipper: writes the task pods' logs",
    takenBy: pods(shipperNamespace, shipperAccount),
    managed: [],
    needs: ["logGroup"],
    policy: renderLogShipper,
  },
  "flow-logs": {
    description: "VPC flow logs to their log group",
    takenBy: service("vpc-flow-logs"),
    managed: [],
    needs: ["logGroup"],
    policy: renderFlowLogs,
  },
  "audit-trail": {
    description: "CloudTrail to its log group",
    takenBy: service("cloudtrail"),
    managed: [],
    needs: ["logGroup"],
    policy: renderAuditTrail,
  },
  "audit-export": {
    description: "Audit records to their bucket",
    takenBy: { pods: { serviceAccount: "audit" } },
    managed: [],
    needs: ["namespace", "bucket"],
    policy: renderAuditExport,
  },
  backup: {
    description: "AWS Backup: snapshots of databases and their copies",
    takenBy: service("backup"),
    managed: [],
    needs: [],
    policy: renderBackup,
  },
  "database-monitoring": {
    description: "RDS enhanced monitoring",
    takenBy: service("monitoring.rds"),
    managed: ["service-role/AmazonRDSEnhancedMonitoringRole"],
    needs: [],
  },
} as const satisfies Record<string, NarrowRoleSpec>;

export type NarrowRoleKind = keyof typeof narrowRoles;

export function narrowRole(kind: NarrowRoleKind): NarrowRoleSpec {
  return narrowRoles[kind];
}

/** @throws UserError if a kind for pods is given no identity provider. */
export function renderNarrowTrust(
  kind: NarrowRoleKind,
  { account, issuer, namespace }: Pick<RoleScope, "account" | "issuer" | "namespace">,
) {
  const { takenBy } = narrowRole(kind);
  if ("pods" in takenBy) {
    if (!issuer) throw missing(kind, "issuer");
    const home = takenBy.pods.namespace ?? namespace;
    if (!home) throw missing(kind, "namespace");
    return renderTrust({ ...issuer, subjects: [{ ...takenBy.pods, namespace: home }] });
  }
  return {
    Version: "2012-10-17" as const,
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: takenBy.service },
        Action: "sts:AssumeRole" as const,
        // Another account's resource must not have the service act on ours.
        ...(takenBy.ownAccountOnly ? { Condition: { StringEquals: { "aws:SourceAccount": account } } } : {}),
      },
    ],
  };
}

/** @returns undefined for a kind that has AWS's policies only. @throws UserError if the scope lacks what it names. */
export function renderNarrowPolicy(kind: NarrowRoleKind, scope: RoleScope): object | undefined {
  checkNeeds(kind, scope, narrowRole(kind).needs);
  return narrowRole(kind).policy?.({
    issuer: { issuer: "", providerArn: "" },
    logGroup: "",
    namespace: "",
    bucket: "",
    shipper: "fluent-bit",
    repository: "",
    ...scope,
  });
}

/** @throws UserError if the scope lacks what the kind's documents name. */
export function checkScope(kind: NarrowRoleKind, scope: Partial<Record<RoleScopeNeed | "issuer", unknown>>): void {
  const { needs, takenBy } = narrowRole(kind);
  checkNeeds(kind, scope, "pods" in takenBy ? [...needs, "issuer" as const] : needs);
}

/** The issuer is the trust's matter alone: a policy does without. */
function checkNeeds<Need extends string>(
  kind: NarrowRoleKind,
  scope: Partial<Record<Need, unknown>>,
  needs: readonly Need[],
): void {
  const lacking = needs.find((need) => scope[need] === undefined);
  if (lacking) throw missing(kind, lacking);
}

function missing(kind: NarrowRoleKind, what: string) {
  return refusal({ subject: `${what} of the ${kind} role`, allowed: "what its documents name" });
}
