/** Whose a resource of Google Cloud's is: the same as the tags of AWS's, in the letters that labels take. */
import { refusal } from "../../shared/errors.ts";
import type { Owner } from "./tags.ts";

export type Labels = Record<string, string>;

const prefix = "biplane-";
const key = /^[a-z][a-z0-9_-]{0,62}$/;
const value = /^[a-z0-9_-]{0,63}$/;

/** @throws UserError if a label of the customer's would hide one of ours, or Google would refuse it. */
export function ownershipLabels({ plane, org, cluster, tags = {} }: Owner): Labels {
  for (const [name, text] of Object.entries(tags)) {
    const allowed = `a-z, 0-9, "_" and "-", up to 63; no key that begins with ${prefix} or goog`;
    const isOurs = name.startsWith(prefix) || name.startsWith("goog");
    if (isOurs || !key.test(name)) throw refusal({ subject: "biplane:tags", value: name, allowed });
    if (!value.test(text)) throw refusal({ subject: `biplane:tags.${name}`, value: text, allowed });
  }
  return {
    ...tags,
    [`${prefix}managed-by`]: "pulumi",
    [`${prefix}plane`]: plane,
    ...(cluster ? { [`${prefix}cluster`]: cluster } : {}),
    ...(org ? { [`${prefix}org`]: org } : {}),
  };
}
