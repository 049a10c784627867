/** Whose a resource of Azure's is: the tags of AWS's, in what Azure takes. */
import { refusal } from "../../shared/errors.ts";
import { type Owner, ownershipTags, type Tags } from "./tags.ts";

/** Source: Azure, "Use tags", limitations; the reserved prefixes are Azure's own. */
const refused = /[<>%&\\?/]/;
const reserved = /^(?:microsoft|azure|windows)/i;

/** @throws UserError if a tag of the customer's would hide one of ours, or Azure would refuse it. */
export function azureTags(owner: Owner): Tags {
  for (const [name, text] of Object.entries(owner.tags ?? {})) {
    if (refused.test(name) || reserved.test(name) || name === "" || name.length > 128) {
      const allowed = "a name without <>%&\\?/, up to 128, not beginning with microsoft, azure or windows";
      throw refusal({ subject: "biplane:tags", value: name, allowed });
    }
    if (text.length > 256) throw refusal({ subject: `biplane:tags.${name}`, value: text, allowed: "up to 256" });
  }
  return ownershipTags(owner);
}
