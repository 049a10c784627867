/**
 * The resource policy of each secret in AWS Secrets Manager. An identity policy elsewhere in the account cannot open it:
 * only the platform's admin role reads and writes values.
 */
const values = [
  "secretsmanager:BatchGetSecretValue",
  "secretsmanager:GetSecretValue",
  "secretsmanager:PutSecretValue",
  "secretsmanager:UpdateSecret",
];

export function renderSecretPolicy(adminRoleArn: string) {
  return {
    Version: "2012-10-17" as const,
    Statement: [
      {
        Sid: "OnlyThePlatform",
        Effect: "Deny",
        Principal: "*",
        Action: values,
        Resource: "*",
        Condition: { ArnNotEquals: { "aws:PrincipalArn": adminRoleArn } },
      },
      {
        // Otherwise this policy could be taken off first, by whoever it shuts out.
        Sid: "OnlyThePlatformChangesThis",
        Effect: "Deny",
        Principal: "*",
        Action: ["secretsmanager:DeleteResourcePolicy", "secretsmanager:PutResourcePolicy"],
        Resource: "*",
        Condition: { ArnNotEquals: { "aws:PrincipalArn": adminRoleArn } },
      },
    ],
  };
}
