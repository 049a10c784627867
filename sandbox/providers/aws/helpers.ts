/** Small things that all services need. */
import type { Unwrap } from "@pulumi/pulumi";
import { messageOf } from "../../../shared/errors.ts";
import { InitFailure } from "../machine/resource.ts";
import type { Properties } from "../machine/values.ts";

/** Inputs of an SDK resource as the provider gets them: no promises, no outputs. */
export type Plain<Args extends object> = Unwrap<Args> & object;

export type Tags = Record<string, string>;

/** The answer, or undefined when the object, or what is to be detached, is not there. Every service says so in the error's name. */
export async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && /NotFound|NoSuch|NotExist|NotAttached/.test(error.name);
}

/** The rest of a create: from here on a failure must not lose the object that exists. */
export async function finish(id: string, rest: () => Promise<unknown>): Promise<string> {
  try {
    await rest();
    return id;
  } catch (error) {
    throw new InitFailure(id, [messageOf(error)]);
  }
}

/** What a service always answers, and the SDK's types do not promise. */
export function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the cloud did not answer ${what}`);
  return value;
}

export function toTags(tags: Tags | undefined): { Key: string; Value: string }[] {
  return Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
}

/** As inputs: no tags at all are left out. */
export function fromTags(tags: readonly { Key?: string; Value?: string }[] | undefined): { tags?: Tags } {
  const entries = (tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value] as const);
  return entries.length > 0 ? { tags: Object.fromEntries(entries) } : {};
}

export function fromTagMap(tags: Tags | undefined): { tags?: Tags } {
  return tags && Object.keys(tags).length > 0 ? { tags } : {};
}

/** Makes the tags of an object `news`, by the service's own calls. Each is skipped when it has nothing to do. */
export async function changeTags(
  olds: Tags | undefined,
  news: Tags | undefined,
  calls: { set(tags: Tags): Promise<unknown>; remove(keys: string[]): Promise<unknown> },
): Promise<void> {
  const gone = Object.keys(olds ?? {}).filter((key) => news?.[key] === undefined);
  const changed = Object.entries(news ?? {}).filter(([key, value]) => olds?.[key] !== value);
  if (gone.length > 0) await calls.remove(gone);
  if (changed.length > 0) await calls.set(Object.fromEntries(changed));
}

/** The region that a resource was made in, where it named one by @pulumi/aws's `region`. */
export function regionOf({ region }: Properties): string | undefined {
  return typeof region === "string" ? region : undefined;
}
