/** What Google's REST APIs answer of a kept project, and in which words; pure. */
import type { Entry } from "../providers/machine/kept.ts";
import type { Value } from "../providers/machine/values.ts";

export interface KeptProject {
  /** By path. */
  kept: Readonly<Record<string, Entry>>;
  /** Secrets as Secret Manager has them, in its words: programs make none. @default none */
  secrets?: readonly { name: string }[];
}

/** One read: its method, its path by what varies in it, and the answer; undefined where nothing is kept there. */
export interface Route {
  method: "GET" | "POST";
  path: RegExp;
  answer(names: readonly string[], query: URLSearchParams, project: KeptProject): object | undefined;
}

export const text = (value: Value | undefined): string => String(value ?? "");

/** Properties that are there: the APIs leave out what is not set. */
export function given(values: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

export function entriesOf({ kept }: KeptProject, type: string): [path: string, entry: Entry][] {
  return Object.entries(kept).filter(([, entry]) => entry.type === type && !entry.destroyed);
}

/** @param size name of the parameter for it, which the APIs do not agree on */
export function page(field: string, items: readonly object[], query: URLSearchParams, size = "pageSize"): object {
  const from = Number(query.get("pageToken") ?? 0);
  const count = Number(query.get(size) ?? 100);
  const next = from + count < items.length ? { nextPageToken: String(from + count) } : {};
  return given({ [field]: items.length > 0 ? items.slice(from, from + count) : undefined, ...next });
}
