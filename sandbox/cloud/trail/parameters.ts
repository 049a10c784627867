/** The parameters of a call that is a form, as CloudTrail writes them. Pure. */
import type { Fields, Json } from "../keeper/store.ts";

/** CloudTrail's own word in a secret's place. */
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS";
const secret = /^((old|new)?password|(add)?privatekey|authenticationcode[12])$/i;

/** Of one event, as JSON; no document of IAM's is longer than 10,240 characters. */
const limitCharacters = 32 * 1024;

/**
 * @param form fields as sent: `RoleName`, `Tags.member.1.Key`
 * @returns `{ roleName, tags: [{ key }] }`, without secrets; what is too long is left out, as CloudTrail does
 */
export function parametersOf(form: URLSearchParams): Fields {
  const found: Fields = {};
  const items: Items = new Map();
  for (const [name, value] of form) if (name !== "Action" && name !== "Version") put(found, steps(name), value, items);
  return JSON.stringify(found).length > limitCharacters ? { omitted: true } : found;
}

/** Items of a list, each by the number that the form gives it there. */
type Items = Map<string, Fields>;

function steps(name: string): string[] {
  return name.split(".").map((step) => step.charAt(0).toLowerCase() + step.slice(1));
}

function put(into: Fields, [first = "", ...rest]: string[], value: string, items: Items, place = ""): void {
  const [kind, number, ...inner] = rest;
  const here = `${place}.${first}.${number}`;
  if (kind === undefined) into[first] = secret.test(first) ? hidden : value;
  else if (kind !== "member") put(fieldsIn(into, first), rest, value, items, `${place}.${first}`);
  else if (inner.length === 0) listIn(into, first).push(value);
  else put(itemOf(listIn(into, first), here, items), inner, value, items, here);
}

function listIn(into: Fields, name: string): Json[] {
  const held = Object.hasOwn(into, name) ? into[name] : undefined;
  const list = Array.isArray(held) ? held : [];
  into[name] = list;
  return list;
}

function fieldsIn(into: Fields, name: string): Fields {
  const held = Object.hasOwn(into, name) ? into[name] : undefined;
  const fields = typeof held === "object" && held !== null && !Array.isArray(held) ? held : {};
  into[name] = fields;
  return fields;
}

function itemOf(list: Json[], place: string, items: Items): Fields {
  const held = items.get(place);
  if (held) return held;
  const made: Fields = {};
  items.set(place, made);
  list.push(made);
  return made;
}
