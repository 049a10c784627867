/** What a KMS key's own policy says; the only way in, since no identity policy of ours grants KMS actions. */
export interface KeyPolicyArgs {
  account: string;
  /** Services that may use the key on behalf of a principal of this account, such as `rds.us-east-2.amazonaws.com`. */
  viaServices?: string[];
  /** Roles that use the key themselves, by ARN; EKS's service role is one. */
  roles?: string[];
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

export function renderKeyPolicy({ account, viaServices = [], roles = [] }: KeyPolicyArgs) {
  const ofAwsServices = { Bool: { "kms:GrantIsForAWSResource": "true" } };
  return {
    Version: "2012-10-17" as const,
    Statement: [
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
        Condition: ofAwsServices,
      },
      ...(viaServices.length > 0
        ? [
            {
              Sid: "UseThroughServices",
              Effect: "Allow",
              Principal: { AWS: "*" },
              Action: [...use, "kms:CreateGrant"],
              Resource: "*",
              Condition: { StringEquals: { "kms:CallerAccount": account, "kms:ViaService": viaServices } },
            },
          ]
        : []),
      ...(roles.length > 0
        ? [{ Sid: "UseByRoles", Effect: "Allow", Principal: { AWS: roles }, Action: use, Resource: "*" }]
        : []),
    ],
  };
}
