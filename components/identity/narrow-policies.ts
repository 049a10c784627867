/** The inline documents of the narrow roles. `Resource: "*"` stands only where IAM knows no other resource. */
import { exportedRecords, exportMetrics } from "../audit/plan.ts";
import { shippers } from "../logs/shippers.ts";
import type { RoleScope } from "./narrow-roles.ts";

type Scope = Required<RoleScope>;

const document = (...Statement: object[]) => ({ Version: "2012-10-17" as const, Statement });
const allow = (Action: string[], Resource: string | string[], Condition?: object) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition ? { Condition } : {}),
});

const groupArn = ({ region, account, logGroup }: Scope) => `arn:aws:logs:${region}:${account}:log-group:${logGroup}`;

/** As the autoscaler's own documentation has it, bound to groups that carry this cluster's tag. */
export function renderNodeAutoscaler({ region, account, cluster }: Scope) {
  return document(
    allow(
      [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
      ],
      "*",
    ),
    allow(["eks:DescribeNodegroup"], `arn:aws:eks:${region}:${account}:nodegroup/${cluster}/*`),
    allow(
      ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
      `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:*:autoScalingGroupName/*`,
      { StringEquals: { [`aws:ResourceTag/k8s.io/cluster-autoscaler/${cluster}`]: "owned" } },
    ),
  );
}

/**
 * EKS asks in the name of whoever updates a group whether they could start its instances, by the group's launch template:
 * by no template of this account, the role starts nothing.
 */
export function renderNodePatching({ region, account, cluster }: Scope) {
  return document(
    allow(["eks:UpdateNodegroupVersion"], `arn:aws:eks:${region}:${account}:nodegroup/${cluster}/*`),
    allow(["ec2:RunInstances"], `arn:aws:ec2:${region}:*:*`, {
      ArnLike: { "ec2:LaunchTemplate": `arn:aws:ec2:${region}:${account}:launch-template/*` },
    }),
    allow(["ec2:CreateTags"], `arn:aws:ec2:${region}:${account}:*`, {
      StringEquals: { "ec2:CreateAction": "RunInstances" },
    }),
  );
}

/** Pushes to one repository, and reads what is in it: whoever asks for a build sends a presigned URL of its context. */
export function renderImageBuilder({ region, account, repository }: Scope) {
  return document(
    allow(["ecr:GetAuthorizationToken"], "*"),
    allow(
      [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImageScanFindings",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
      ],
      `arn:aws:ecr:${region}:${account}:repository/${repository}`,
    ),
  );
}

/** Writes and never reads: the group itself is the stack's. Some shippers look first where they are to write. */
export function renderLogShipper(scope: Scope) {
  const { region, account, shipper } = scope;
  const also = shippers[shipper].alsoCalls;
  const streams = also.filter((action) => action !== "logs:DescribeLogGroups");
  return document(
    allow(["logs:CreateLogStream", ...streams, "logs:PutLogEvents"], [groupArn(scope), `${groupArn(scope)}:*`]),
    // It knows no narrower resource than the account's groups.
    ...(streams.length < also.length
      ? [allow(["logs:DescribeLogGroups"], `arn:aws:logs:${region}:${account}:log-group:*`)]
      : []),
  );
}

/** DescribeLogGroups knows no narrower resource than the account's groups. */
export function renderFlowLogs(scope: Scope) {
  const { region, account } = scope;
  return document(
    allow(
      ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
      [groupArn(scope), `${groupArn(scope)}:*`],
    ),
    allow(["logs:DescribeLogGroups"], `arn:aws:logs:${region}:${account}:log-group:*`),
  );
}

/** The streams that CloudTrail names itself. */
export function renderAuditTrail(scope: Scope) {
  const { region, account } = scope;
  return document(
    allow(
      ["logs:CreateLogStream", "logs:PutLogEvents"],
      `${groupArn(scope)}:log-stream:${account}_CloudTrail_${region}*`,
    ),
  );
}

/** Adds objects to the audit's bucket and tells how far it is: it reads, replaces and removes nothing. */
export function renderAuditExport({ bucket }: Scope) {
  return document(
    allow(["s3:PutObject"], `arn:aws:s3:::${bucket}/${exportedRecords}*`),
    allow(["cloudwatch:PutMetricData"], "*", { StringEquals: { "cloudwatch:namespace": exportMetrics } }),
  );
}

/** Databases only: AWS's own policy reaches every kind of store. Restoring is a person's work, with a person's role. */
export function renderBackup({ account }: Scope) {
  const rds = (kind: string) => `arn:aws:rds:*:${account}:${kind}`;
  return document(
    allow(["rds:DescribeDBInstances", "rds:DescribeDBSnapshots"], [rds("db:*"), rds("snapshot:*")]),
    allow(
      ["rds:AddTagsToResource", "rds:CopyDBSnapshot", "rds:CreateDBSnapshot", "rds:ListTagsForResource"],
      [rds("db:*"), rds("snapshot:*")],
    ),
    allow(["rds:DeleteDBSnapshot"], rds("snapshot:awsbackup:*")),
    allow(
      ["backup:CopyFromBackupVault", "backup:CopyIntoBackupVault", "backup:DescribeBackupVault"],
      `arn:aws:backup:*:${account}:backup-vault:*`,
    ),
    allow(["tag:GetResources"], "*"),
  );
}
