/**
 * What the vendor's management role may do in a customer's account, by area and kind of work. No area holds an action
 * that reads or writes customer data, opens a store to somebody else, or widens a right: verify/reason proves that.
 */

/** `full` manages; `no-delete` cannot take anything away; `read-only` looks. */
export const managementLevels = ["full", "no-delete", "read-only"] as const;
export type ManagementLevel = (typeof managementLevels)[number];

type Work = "read" | "change" | "delete";
const worksOf: Record<ManagementLevel, readonly Work[]> = {
  full: ["read", "change", "delete"],
  "no-delete": ["read", "change"],
  "read-only": ["read"],
};

/** What the ARNs in the documents name. */
export interface ManagementScope {
  region: string;
  account: string;
  /** Name of the EKS cluster. */
  cluster: string;
  buckets: { metadata: string; fastRegistration: string };
  /** Path of the image repository. */
  repository: string;
  /** Role of the node groups; the only one that may be handed on. */
  nodeRoleName: string;
}

interface Area {
  sid: string;
  resources(scope: ManagementScope): string[];
  read: readonly string[];
  change: readonly string[];
  delete: readonly string[];
  /** Holds for change and delete. @default none */
  condition?: (scope: ManagementScope) => object;
}

const everything = () => ["*"];
const tagged = ({ cluster }: ManagementScope) => ({
  StringEquals: { "aws:ResourceTag/biplane:managed-by": "pulumi", "aws:ResourceTag/biplane:cluster": cluster },
});

const areas: readonly Area[] = [
  {
    sid: "Cluster",
    resources: ({ region, account, cluster }) =>
      ["cluster/", "nodegroup/", "addon/"].map(
        (kind) => `arn:aws:eks:${region}:${account}:${kind}${cluster}${kind === "cluster/" ? "" : "/*"}`,
      ),
    read: ["eks:Describe*", "eks:List*"],
    // Not UpdateClusterConfig, which could publish the API; not access entries, which would be a way to the pods.
    change: [
      "eks:CreateAddon",
      "eks:CreateNodegroup",
      "eks:UpdateAddon",
      "eks:UpdateClusterVersion",
      "eks:UpdateNodegroupConfig",
      "eks:UpdateNodegroupVersion",
    ],
    delete: ["eks:DeleteAddon", "eks:DeleteNodegroup"],
  },
  {
    sid: "Network",
    resources: everything,
    read: ["ec2:Describe*"],
    // Not instances, launch templates, key pairs, images, snapshots or mirrors: each is a way into a node.
    change: ["ec2:AssociateRouteTable", "ec2:CreateRoute", "ec2:ModifySubnetAttribute", "ec2:ReplaceRoute"],
    delete: ["ec2:DeleteRoute", "ec2:DisassociateRouteTable"],
    condition: tagged,
  },
  {
    sid: "Balancers",
    resources: everything,
    read: ["elasticloadbalancing:Describe*"],
    change: ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
    delete: [],
    condition: tagged,
  },
  {
    sid: "Scaling",
    resources: everything,
    read: ["autoscaling:Describe*", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
    change: ["autoscaling:SetDesiredCapacity", "autoscaling:StartInstanceRefresh"],
    delete: ["autoscaling:TerminateInstanceInAutoScalingGroup"],
    condition: ({ cluster }) => ({ StringEquals: { "aws:ResourceTag/eks:cluster-name": cluster } }),
  },
  {
    sid: "Buckets",
    resources: ({ buckets }) => [buckets.metadata, buckets.fastRegistration].map((name) => `arn:aws:s3:::${name}`),
    // Settings of the buckets, never their policies, keys' names or objects.
    read: [
      "s3:GetBucketLocation",
      "s3:GetBucketPolicy",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetBucketVersioning",
      "s3:GetEncryptionConfiguration",
      "s3:GetLifecycleConfiguration",
    ],
    change: ["s3:PutBucketTagging"],
    delete: [],
  },
  {
    sid: "Registry",
    resources: ({ region, account, repository }) => [`arn:aws:ecr:${region}:${account}:repository/${repository}`],
    read: ["ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy"],
    change: ["ecr:PutImageScanningConfiguration", "ecr:StartImageScan"],
    delete: [],
  },
  {
    sid: "Watching",
    resources: everything,
    // Which groups there are, never what is in them.
    read: [
      "eks:DescribeAddonVersions",
      "eks:DescribeClusterVersions",
      "eks:ListClusters",
      "kms:DescribeKey",
      "kms:GetKeyRotationStatus",
      "logs:DescribeLogGroups",
      "tag:GetResources",
    ],
    change: [],
    delete: [],
  },
  {
    sid: "Rights",
    resources: everything,
    read: [
      "iam:GetOpenIDConnectProvider",
      "iam:GetPolicy",
      "iam:GetPolicyVersion",
      "iam:GetRole",
      "iam:GetRolePolicy",
      "iam:ListAttachedRolePolicies",
      "iam:ListRolePolicies",
      "iam:ListRoles",
    ],
    change: [],
    delete: [],
  },
];

/** Roles that the manager makes, for further node groups and add-ons: by their name, and only under the boundary. */
export function managedRoleArn({ account, cluster }: Pick<ManagementScope, "account" | "cluster">): string {
  return `arn:aws:iam::${account}:role/${cluster}-managed-*`;
}

/** The role's one inline policy. @param boundaryArn of the permissions boundary that every role it makes must have */
export function renderManagementPolicy(level: ManagementLevel, scope: ManagementScope, boundaryArn: string) {
  const works = worksOf[level];
  return {
    Version: "2012-10-17" as const,
    Statement: [
      ...areas.flatMap((area) => works.flatMap((work) => renderArea(area, work, scope))),
      ...renderRoleWork(level, scope, boundaryArn),
    ],
  };
}

function renderArea(area: Area, work: Work, scope: ManagementScope) {
  if (area[work].length === 0) return [];
  const condition = work === "read" ? undefined : area.condition?.(scope);
  return [
    {
      Sid: `${area.sid}${work === "read" ? "Read" : work === "change" ? "Change" : "Delete"}`,
      Effect: "Allow",
      Action: [...area[work]],
      Resource: area.resources(scope),
      ...(condition ? { Condition: condition } : {}),
    },
  ];
}

/** Every action that the level has in its areas, for the boundary to take over. */
export function actionsOf(level: ManagementLevel): string[] {
  return areas.flatMap((area) => worksOf[level].flatMap((work) => area[work]));
}

/**
 * Handing on the node role to EKS and, at the widest level, making and unmaking roles that the boundary holds. The
 * boundary holds these very statements too: a role made under it must not make one without it.
 */
export function renderRoleWork(level: ManagementLevel, scope: ManagementScope, boundaryArn: string) {
  if (level === "read-only") return [];
  const pass = {
    Sid: "HandOnNodeRole",
    Effect: "Allow",
    Action: ["iam:PassRole"],
    Resource: [`arn:aws:iam::${scope.account}:role/${scope.nodeRoleName}`, managedRoleArn(scope)],
    Condition: { StringEquals: { "iam:PassedToService": "eks.amazonaws.com" } },
  };
  if (level === "no-delete") return [pass];
  return [
    pass,
    {
      Sid: "RolesUnderTheBoundary",
      Effect: "Allow",
      Action: ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy"],
      Resource: [managedRoleArn(scope)],
      Condition: { StringEquals: { "iam:PermissionsBoundary": boundaryArn } },
    },
    {
      Sid: "UnmakeThese",
      Effect: "Allow",
      Action: ["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"],
      Resource: [managedRoleArn(scope)],
    },
  ];
}
