/**
 * The ceiling over the management role and over every role that it makes: whatever is granted beneath it, or by a
 * store's own policy, what is refused here stays refused.
 */
import { actionsOf, type ManagementLevel, type ManagementScope, managedRoleArn, renderRoleWork } from "./levels.ts";

/** What nodes and add-ons under a role of the manager's need beside the manager's own work: join, pull, addresses. */
const nodesAndAddOns = [
  "ec2:AssignIpv6Addresses",
  "ec2:AssignPrivateIpAddresses",
  "ec2:AttachNetworkInterface",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DetachNetworkInterface",
  "ec2:ModifyNetworkInterfaceAttribute",
  "ec2:UnassignIpv6Addresses",
  "ec2:UnassignPrivateIpAddresses",
  "ecr:BatchCheckLayerAvailability",
  "ecr:BatchGetImage",
  "ecr:GetAuthorizationToken",
  "ecr:GetDownloadUrlForLayer",
];

/** Customer data, and each way of opening a store of it to somebody else; refused though nothing above allows it. */
const data = [
  "ebs:*",
  "ecr:BatchDeleteImage",
  "ecr:CompleteLayerUpload",
  "ecr:CreatePullThroughCacheRule",
  "ecr:InitiateLayerUpload",
  "ecr:PutImage",
  "ecr:PutRegistryPolicy",
  "ecr:PutReplicationConfiguration",
  "ecr:SetRepositoryPolicy",
  "ecr:UploadLayerPart",
  "kms:CreateGrant",
  "kms:Decrypt",
  "kms:GenerateDataKey*",
  "kms:PutKeyPolicy",
  "kms:ReEncrypt*",
  "logs:CreateExportTask",
  "logs:FilterLogEvents",
  "logs:Get*",
  "logs:Put*",
  "logs:StartLiveTail",
  "logs:StartQuery",
  "logs:Unmask",
  "s3:*AccessPoint*",
  "s3:*Object*",
  "s3:ListBucket*",
  "s3:PutAccountPublicAccessBlock",
  "s3:PutBucketAcl",
  "s3:PutBucketLogging",
  "s3:PutBucketPolicy",
  "s3:PutBucketPublicAccessBlock",
  "s3:PutInventoryConfiguration",
  "s3:PutReplicationConfiguration",
  "secretsmanager:*",
  "ssm:*",
];

/** Ways into a node, whose disk, memory and pods hold data and other roles' credentials. */
const nodes = [
  "autoscaling:CreateAutoScalingGroup",
  "autoscaling:CreateLaunchConfiguration",
  "autoscaling:UpdateAutoScalingGroup",
  "ec2-instance-connect:*",
  "ec2:AssociateIamInstanceProfile",
  "ec2:AttachVolume",
  "ec2:Copy*",
  "ec2:*Export*",
  "ec2:CreateFleet",
  "ec2:CreateImage",
  "ec2:CreateInstanceConnectEndpoint",
  "ec2:CreateKeyPair",
  "ec2:CreateLaunchTemplate*",
  "ec2:CreateReplaceRootVolumeTask",
  "ec2:CreateSnapshot*",
  "ec2:CreateTrafficMirror*",
  "ec2:CreateStoreImageTask",
  "ec2:EnableSerialConsoleAccess",
  "ec2:GetConsole*",
  "ec2:GetPasswordData",
  "ec2:ImportKeyPair",
  "ec2:ModifyImageAttribute",
  "ec2:ModifyInstance*",
  "ec2:ModifyLaunchTemplate",
  "ec2:ModifySnapshotAttribute",
  "ec2:ReplaceIamInstanceProfileAssociation",
  "ec2:RequestSpot*",
  "ec2:RunInstances",
];

/** Ways to become somebody in the cluster: access entries, pods' roles, other issuers, a public API. */
const clusterAccess = [
  "eks:AssociateAccessPolicy",
  "eks:AssociateIdentityProviderConfig",
  "eks:CreateAccessEntry",
  "eks:CreateCluster",
  "eks:CreatePodIdentityAssociation",
  "eks:UpdateAccessEntry",
  "eks:UpdateClusterConfig",
  "eks:UpdatePodIdentityAssociation",
];

/** Everything of IAM that changes; on its own bounded roles the ceiling decides. */
const rights = [
  "iam:Add*",
  "iam:Attach*",
  "iam:Create*",
  "iam:Delete*",
  "iam:Detach*",
  "iam:Put*",
  "iam:Remove*",
  "iam:Set*",
  "iam:Tag*",
  "iam:Update*",
  "iam:Upload*",
];

/** Refused on its own roles too. */
const neverOnRoles = ["iam:*PermissionsBoundary", "iam:UpdateAssumeRolePolicy"];

/**
 * The managed policy's document. It names itself, by an ARN that is known before it is made.
 * @param level of the role: a role made under the boundary holds no more than its maker
 */
export function renderBoundary(level: ManagementLevel, scope: ManagementScope, boundaryArn: string) {
  const deny = (Sid: string, Action: readonly string[]) => ({
    Sid,
    Effect: "Deny",
    Action: [...Action],
    Resource: "*",
  });
  const makesRoles = level === "full";
  return {
    Version: "2012-10-17" as const,
    Statement: [
      {
        Sid: "Ceiling",
        Effect: "Allow",
        Action: [...actionsOf(level), ...(makesRoles ? nodesAndAddOns : [])],
        Resource: "*",
      },
      ...renderRoleWork(level, scope, boundaryArn),
      ...(makesRoles ? [tagAddresses] : []),
      deny("Data", data),
      deny("Nodes", nodes),
      deny("ClusterAccess", clusterAccess),
      { Sid: "Rights", Effect: "Deny", Action: [...rights], NotResource: [managedRoleArn(scope)] },
      deny("NeverOnRoles", neverOnRoles),
      deny("NoOtherRole", ["sts:*"]),
    ],
  };
}

/** Of the network plugin, which marks what it makes. */
const tagAddresses = {
  Sid: "TagAddresses",
  Effect: "Allow",
  Action: ["ec2:CreateTags"],
  Resource: "arn:aws:ec2:*:*:network-interface/*",
};
