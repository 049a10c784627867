/** Who becomes the vendor's one account in a customer's project: exactly named roles of the vendor's AWS account. */
import { refusal } from "../../shared/errors.ts";

/** Roles of one account: a pool's provider trusts one. */
export interface VendorRoles {
  account: string;
  /** Names without a path. */
  roles: string[];
}

const role = /^arn:aws:iam::(\d{12}):role\/([\w+=,.@-]+)$/;

/** @throws UserError for nobody, users, roles with a path, and roles of more than one account */
export function planVendorRoles(principals: readonly string[]): VendorRoles {
  const subject = "biplane:management.principals";
  const allowed = "ARNs of roles of one AWS account, without a path, such as arn:aws:iam::123456789012:role/operations";
  const found = principals.map((arn) => role.exec(arn));
  const wrong = principals.filter((_, at) => !found[at]);
  if (wrong.length > 0 || principals.length === 0) throw refusal({ subject, value: wrong, allowed });
  const accounts = new Set(found.map((match) => match?.[1] ?? ""));
  if (accounts.size > 1) throw refusal({ subject, value: [...accounts], allowed });
  return { account: [...accounts][0] ?? "", roles: [...new Set(found.map((match) => match?.[2] ?? ""))] };
}

/** What a session of a role shows of itself: its role, whoever holds the session. */
export const roleAttribute =
  "assertion.arn.extract('{account}assumed-role/') + 'assumed-role/' + assertion.arn.extract('assumed-role/{role}/')";

/** As that attribute says it. */
export function sessionsOf({ account, roles }: VendorRoles): string[] {
  return roles.map((name) => `arn:aws:sts::${account}:assumed-role/${name}`);
}

/** CEL: nobody else's token is taken for one of the pool. */
export function trustCondition(vendor: VendorRoles): string {
  return `attribute.aws_role in [${sessionsOf(vendor)
    .map((arn) => `"${arn}"`)
    .join(", ")}]`;
}
