/** How a customer's images are called: by a rule of its own, out of what a build is asked with. */
import { refusal } from "../../shared/errors.ts";

const parts = ["domain", "name", "project", "version"] as const;
export type TagParts = Record<(typeof parts)[number], string>;

export const defaultTags = "{name}-{version}";
const allowed = `letters, digits and ._- around ${parts.map((part) => `{${part}}`).join(", ")}; {name} and {version} among them; begun by none of .-`;
const placeholder = /\{([^{}]*)\}/g;

/** @throws UserError where two images could not be told apart by it, or it makes what is no tag */
export function checkTagRule(rule: string): void {
  const named = [...rule.matchAll(placeholder)].map(([, part = ""]) => part);
  const known = named.every((part) => (parts as readonly string[]).includes(part));
  const around = /^(?:[\w{][\w.{}-]*)$/.test(rule) && /^[\w.-]*$/.test(rule.replaceAll(placeholder, ""));
  if (!known || !around || !named.includes("name") || !named.includes("version"))
    throw refusal({ subject: "imageBuilder.tags", value: rule, allowed });
}

export function tagOf(rule: string, said: TagParts): string {
  return rule.replaceAll(placeholder, (_, part: keyof TagParts) => said[part]);
}

/** What the tags of every version of this image look like. */
export function familyOf(rule: string, said: Omit<TagParts, "version">): RegExp {
  // Of what stands in a tag only this means something in a pattern.
  const literal = (text: string) => text.replaceAll(".", "\\.");
  const around = tagOf(rule, { ...said, version: "\0" }).split("\0");
  return new RegExp(`^${around.map(literal).join("[\\w.-]+")}$`);
}
