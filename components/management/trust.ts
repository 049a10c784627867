/** Who takes the management role: exactly named principals of the vendor, and only with the customer's ExternalId. */
import { refusal } from "../../shared/errors.ts";
import { iamQuotas, policyLength } from "../identity/quotas.ts";

/** A role or a user, never an account's root: that would let every principal of the account in. */
const principal = /^arn:aws:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/;
const externalId = /^[\w+=,.@:/-]{16,1224}$/;

export interface ManagementTrust {
  /** ARNs of the vendor's roles. */
  principals: readonly string[];
  /** Agreed with the customer, one for each customer; it is no secret, but it must not be guessed. */
  externalId: string;
}

/** @throws UserError for nobody, for whole accounts and wildcards, and for an ExternalId that could be guessed. */
export function checkManagementTrust({ principals, externalId: id }: ManagementTrust): void {
  const allowed = "exact ARNs of the vendor's roles, such as arn:aws:iam::123456789012:role/biplane-management";
  if (principals.length === 0) throw refusal({ subject: "biplane:management.principals", value: principals, allowed });
  const wide = principals.find((arn) => !principal.test(arn));
  if (wide) throw refusal({ subject: "biplane:management.principals", value: wide, allowed });
  if (!externalId.test(id)) {
    throw refusal({
      subject: "biplane:management.externalId",
      value: id,
      allowed: "16 to 1224 letters, digits and _+=,.@:/-",
      todo: "Make one for this customer alone, such as a UUID.",
    });
  }
  const length = policyLength(renderManagementTrust({ principals, externalId: id }));
  if (length > iamQuotas.trustPolicy.default) {
    throw refusal({
      subject: "biplane:management.principals",
      value: principals.length,
      allowed: `so many that the trust policy keeps to ${iamQuotas.trustPolicy.default} characters; it has ${length}`,
    });
  }
}

export function renderManagementTrust({ principals, externalId: id }: ManagementTrust) {
  return {
    Version: "2012-10-17" as const,
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: [...principals] },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": id } },
      },
    ],
  };
}
