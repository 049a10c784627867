/** What a KMS key's own policy says; the only way in, since no identity policy of ours grants KMS actions. */
export interface KeyPolicyArgs {
  account: string;
  /** Services that may use the key on behalf of a principal of this account, such as `rds.us-east-2.amazonaws.com`. */
  viaServices?: string[];
  /** Roles that use the key themselves, by ARN; EKS's service role is one. */
  roles?: string[];
  /** More ways in, from the builders of `key-statements.ts`. @default none */
  statements?: KeyStatement[];
}

/** One way in. It is always an Allow on the key itself: a key's policy has no other resource. */
export interface KeyStatement {
  Sid: string;
  Effect: "Allow";
  Principal: { AWS: string | string[] } | { Service: string };
  Action: string[];
  Resource: "*";
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** Enough to run, tag, rotate and retire the key and to correct this policy; not to decrypt with it. */
const administration = [
  "kms:CancelKeyDeletion",
  "kms:DescribeKey",
  "kms:DisableKey",
  "kms:EnableKey",
  "kms:EnableKeyRotation",
  "kms:GetKeyPolicy",
  "kms:GetKeyRotationStatus",
  "kms:ListGrants",
  "kms:ListKeyPolicies",
  "kms:ListResourceTags",
  "kms:ListRetirableGrants",
  "kms:PutKeyPolicy",
  "kms:RevokeGrant",
  "kms:ScheduleKeyDeletion",
  "kms:TagResource",
  "kms:UntagResource",
  "kms:UpdateAlias",
  "kms:CreateAlias",
  "kms:DeleteAlias",
  "kms:UpdateKeyDescription",
];

const use = [
  "kms:Decrypt",
  "kms:DescribeKey",
  "kms:Encrypt",
  "kms:GenerateDataKey",
  "kms:GenerateDataKeyWithoutPlaintext",
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
];

export function renderKeyPolicy({ account, viaServices = [], roles = [], statements = [] }: KeyPolicyArgs) {
  const all: KeyStatement[] = [
    {
      Sid: "AccountAdministers",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: administration,
      Resource: "*",
    },
    // EKS takes its grant with the credentials of whoever creates the cluster, not through kms:ViaService.
    {
      Sid: "AccountGrantsToServices",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: ["kms:CreateGrant"],
      Resource: "*",
      Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
    ...(viaServices.length > 0 ? [throughServices(account, viaServices)] : []),
    ...(roles.length > 0 ? [byRoles(roles)] : []),
    ...statements,
  ];
  return { Version: "2012-10-17" as const, Statement: all };
}

/** Whoever of the account may use the service's object may use the key through it. */
function throughServices(account: string, services: string[]): KeyStatement {
  return {
    Sid: "UseThroughServices",
    Effect: "Allow",
    Principal: { AWS: "*" },
    Action: [...use, "kms:CreateGrant"],
    Resource: "*",
    Condition: { StringEquals: { "kms:CallerAccount": account, "kms:ViaService": services } },
  };
}

function byRoles(roles: string[]): KeyStatement {
  return { Sid: "UseByRoles", Effect: "Allow", Principal: { AWS: roles }, Action: use, Resource: "*" };
}
