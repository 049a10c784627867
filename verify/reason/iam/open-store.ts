/** Ways to data that need no right to the data: the store is opened, copied or drained to a place of the attacker's. */

import { globMatches } from "./glob.ts";
import type { Hand, Permission } from "./held.ts";

interface Opening {
  /** Actions that it stands for; lower case, with wildcards. */
  of: readonly string[];
  by: string;
  /** What the opening action is asked on. @default the resource itself */
  on?: (resource: string) => string;
}

const bucketOf = (resource: string) => resource.split("/")[0] ?? resource;
/** A log group and its streams are one: `arn:…:log-group:NAME:*`. */
const groupOf = (resource: string) => resource.split(":").slice(0, 7).join(":");

const openings: readonly Opening[] = [
  { of: ["s3:*"], by: "s3:PutBucketPolicy", on: bucketOf },
  { of: ["s3:*object*", "s3:listbucket*"], by: "s3:PutBucketAcl", on: bucketOf },
  { of: ["s3:*object*"], by: "s3:PutObjectAcl" },
  { of: ["s3:getobject*"], by: "s3:PutReplicationConfiguration", on: bucketOf },
  { of: ["kms:decrypt", "kms:reencrypt*", "kms:generatedatakey*", "kms:encrypt"], by: "kms:PutKeyPolicy" },
  { of: ["kms:decrypt", "kms:reencrypt*", "kms:generatedatakey*", "kms:encrypt"], by: "kms:CreateGrant" },
  { of: ["secretsmanager:*"], by: "secretsmanager:PutResourcePolicy" },
  { of: ["secretsmanager:getsecretvalue"], by: "secretsmanager:ReplicateSecretToRegions" },
  { of: ["ecr:*"], by: "ecr:SetRepositoryPolicy" },
  { of: ["logs:get*", "logs:filter*", "logs:start*"], by: "logs:PutSubscriptionFilter", on: groupOf },
  { of: ["logs:get*", "logs:filter*", "logs:start*"], by: "logs:CreateExportTask", on: groupOf },
];

/** The first way to have another's policy or another's copy stand for the right that is asked for. */
export function opening(hand: Hand, action: string, resource: string): { by: Permission; step: string } | undefined {
  for (const { of, by: opens, on = (same: string) => same } of openings) {
    if (!of.some((pattern) => globMatches(pattern, action.toLowerCase()))) continue;
    const by = hand.may(opens, on(resource));
    if (by) return { by, step: `${opens} ${on(resource)}` };
  }
  return undefined;
}
