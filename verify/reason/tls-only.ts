import type { PolicyDocument } from "./iam-policy.ts";

/** Does a bucket's policy deny everybody everything without TLS, on the bucket and on its objects? */
export function refusesPlainHttp(name: string, policy: PolicyDocument | undefined): boolean {
  return (policy?.statements ?? []).some(
    ({ effect, conditions, actions, resources, principals }) =>
      effect === "Deny" &&
      conditions.Bool?.["aws:securetransport"]?.join() === "false" &&
      // Another key beside it, of this operator too, makes the Deny smaller.
      Object.values(conditions).flatMap(Object.keys).length === 1 &&
      actions.some((action) => action === "s3:*" || action === "*") &&
      principals.some((principal) => principal === "*" || principal === "AWS:*") &&
      resources.includes(`arn:aws:s3:::${name}/*`) &&
      resources.includes(`arn:aws:s3:::${name}`),
  );
}
