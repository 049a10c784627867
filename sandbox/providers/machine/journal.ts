/**
 * What a provider writes down before it makes an object. A process that is killed between a create and its answer
 * leaves an object whose id nobody learnt; by the intent it is found again (engine/leftovers.ts).
 */
import { randomUUID } from "node:crypto";
import type { Call, ResourceType, Seen } from "./resource.ts";
import { isProperties, type Properties } from "./values.ts";

export interface Intent {
  id: string;
  urn: string;
  /** As the create gets them, the mark among them. They may hold secrets. */
  inputs: Properties;
  /** Id of an object that stood in this one's place before the create: it is another's and stays. */
  before?: string;
}

export interface Journal {
  /** Has the intent on the disk before it calls `make`, and then writes down the id or the failure. */
  record<Made extends { id: string }>(intent: Intent, make: () => Promise<Made>): Promise<Made>;
}

/** Tag by which an object without a name of its own is told from its likes; the lifecycle shows it to nobody. */
export const mark = "biplane:intent";

/** @param make gets the inputs to make the object from: those given, or these with the mark */
export async function journaled<Made extends { id: string }>(
  journal: Journal,
  type: ResourceType,
  given: Properties,
  call: Call,
  make: (inputs: Properties) => Promise<Made>,
): Promise<Made> {
  const id = randomUUID();
  const inputs = isMarked(type) ? withMark(given, id) : given;
  const before = await standing(type, inputs, call);
  const intent = { id, urn: call.urn, inputs, ...(before === undefined ? {} : { before }) };
  return journal.record(intent, () => make(inputs));
}

/** Whether its objects get the mark: they have no name, and are looked for by what they are. */
export function isMarked(type: ResourceType): boolean {
  return type.find !== undefined && type.named === undefined;
}

/** @param seen as the type's own read tells it */
export function bearsMark({ inputs: { tags } }: Seen, intent: Intent): boolean {
  return isProperties(tags) && tags[mark] === intent.id;
}

export function withoutMark(values: Properties): Properties {
  if (!isProperties(values.tags) || values.tags[mark] === undefined) return values;
  const { tags, ...rest } = values;
  const { [mark]: _, ...own } = tags;
  return Object.keys(own).length > 0 ? { ...rest, tags: own } : rest;
}

function withMark(inputs: Properties, id: string): Properties {
  return { ...inputs, tags: { ...(isProperties(inputs.tags) ? inputs.tags : {}), [mark]: id } };
}

async function standing(type: ResourceType, inputs: Properties, call: Call): Promise<string | undefined> {
  const id = await type.find?.(inputs, call);
  return id !== undefined && (await type.read?.(id, call, {})) ? id : undefined;
}

/** The type in a URN: `urn:pulumi:stack::project::parent$type::name`. */
export function typeInUrn(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}
