import { refusal } from "../../shared/errors.ts";

/** Whose resources these are. Every AWS resource of a stack carries the tags made from it. */
export interface Owner {
  plane: "control" | "compute";
  /** The customer; only a compute plane has one. */
  org?: string;
  /** The account of a customer has none yet. */
  cluster?: string;
  /** The customer's own tags, added to ours. @default none */
  tags?: Record<string, string>;
}

export type Tags = Record<string, string>;

const prefix = "biplane:";

/** @throws UserError if a tag of the customer's would hide one of ours: what is ours must be findable by it. */
export function ownershipTags({ plane, org, cluster, tags = {} }: Owner): Tags {
  const clash = Object.keys(tags).find((key) => key.startsWith(prefix) || key.startsWith("aws:") || key === "Name");
  if (clash) {
    throw refusal({
      subject: "biplane:tags",
      value: clash,
      allowed: `any key but Name and those that begin with ${prefix} or aws:`,
    });
  }
  return {
    ...tags,
    [`${prefix}managed-by`]: "pulumi",
    [`${prefix}plane`]: plane,
    ...(cluster ? { [`${prefix}cluster`]: cluster } : {}),
    ...(org ? { [`${prefix}org`]: org } : {}),
  };
}
