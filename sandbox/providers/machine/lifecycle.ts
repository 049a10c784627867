/** What every type does alike, around the few calls that are its own. Inputs and outputs may hold secrets here. */
import { type Change, diffInputs } from "./diff.ts";
import { type Journal, journaled, withoutMark } from "./journal.ts";
import { autoName, isAutoName } from "./names.ts";
import { appearedInputs, refreshedInputs } from "./refresh.ts";
import { type Call, InitFailure, type ResourceType, type Seen } from "./resource.ts";
import {
  hasUnknown,
  isAbsent,
  isProperties,
  type Properties,
  revealAll,
  Secret,
  sameValue,
  unknownValue,
  type Value,
  withSecretsOf,
} from "./values.ts";

export interface Checked {
  inputs: Properties;
  failures: { property: string; reason: string }[];
}

/** Defaults, documents as text, a physical name. Makes no call, since every preview runs it. */
export function check(
  type: ResourceType,
  logicalName: string,
  olds: Properties,
  news: Properties,
  seed: Uint8Array,
): Checked {
  const inputs: Properties = { ...type.defaults, ...news };
  for (const key of type.documents ?? []) inputs[key] = asText(inputs[key]);
  if (type.named && isAbsent(inputs[type.named.property])) {
    const old = olds[type.named.property];
    const keep = typeof old === "string" && isAutoName(logicalName, old);
    inputs[type.named.property] = keep ? old : autoName(logicalName, seed, type.named);
  }
  const failures = (type.required ?? [])
    .filter((property) => isAbsent(inputs[property]))
    .map((property) => ({ property, reason: `Missing required property '${property}'` }));
  return { inputs: type.check?.(inputs, logicalName, seed, olds) ?? inputs, failures };
}

export interface Difference {
  changes: Change[];
  replace: boolean;
  deleteBeforeReplace: boolean;
}

export function diff(type: ResourceType, olds: Properties, news: Properties): Difference {
  const patterns = type.update ? [...(type.replaceOn ?? []), ...(type.replaceOnOf?.(olds) ?? [])] : ["*"];
  const changes = diffInputs(olds, news, patterns);
  const replace = changes.some((change) => change.replace);
  return { changes, replace, deleteBeforeReplace: replace && sameIdentity(type, olds, news) };
}

/** By default two objects get in each other's way when they bear the same physical name. */
function sameIdentity(type: ResourceType, olds: Properties, news: Properties): boolean {
  if (type.sameIdentity) return type.sameIdentity(olds, news);
  return type.named !== undefined && sameValue(olds[type.named.property], news[type.named.property]);
}

export interface State {
  id: string;
  outputs: Properties;
  /** Why the object is not ready, though it exists. */
  failed?: string[];
}

/** @param journal without one nobody finds again what a killed process leaves */
export async function create(type: ResourceType, inputs: Properties, call: Call, journal?: Journal): Promise<State> {
  const make = (from: Properties) => settle(type.create(from, call));
  const plain = revealAll(inputs);
  // What cannot be read lives in the stack's state alone: a killed create leaves nothing of it.
  const made = await (journal && type.read ? journaled(journal, type, plain, call, make) : make(plain));
  if (made.outputs) return { id: made.id, outputs: stateOf(type, inputs, { inputs: {}, outputs: made.outputs }) };
  const back = await readBack(type, made.id, inputs, made.failed ? lastCall(call) : call, revealAll(inputs));
  return { ...back, failed: made.failed };
}

export async function update(
  type: ResourceType,
  id: string,
  inputs: Properties,
  call: Call,
  old: { inputs: Properties; outputs: Properties },
): Promise<State> {
  if (!type.update) throw new Error("the type cannot be changed in place: the engine should have replaced it");
  const updated = type.update(id, revealAll(inputs), call, revealAll(old.inputs));
  const { failed } = await settle(updated.then(() => id));
  return { ...(await readBack(type, id, inputs, failed ? lastCall(call) : call, revealAll(old.outputs))), failed };
}

/** @returns undefined when the object is gone. */
export async function read(
  type: ResourceType,
  id: string,
  inputs: Properties,
  outputs: Properties,
  call: Call,
): Promise<(State & { inputs: Properties }) | undefined> {
  if (!type.read) return { id, inputs, outputs };
  const before = revealAll(outputs);
  const seen = await look(type, id, call, before);
  if (!seen) return undefined;
  const imported = Object.keys(inputs).length === 0;
  const live = { ...(imported ? {} : revealAll(inputs)), ...seen.inputs, ...seen.outputs };
  const owns = type.ownsMaps ?? true;
  const next = imported
    ? wrapSecrets(type, seen.inputs, withoutEmpty(seen.inputs))
    : {
        ...refreshedInputs(inputs, before, live, owns),
        ...(owns ? appearedInputs(inputs, before, seen.inputs) : {}),
      };
  const marked = withSecretsOf(outputs, live);
  return { id, inputs: next, outputs: wrapSecrets(type, next, isProperties(marked) ? marked : live) };
}

/** What is half made must be recorded though the deadline has come: that is often why it is half made. */
function lastCall(call: Call): Call {
  return { ...call, signal: AbortSignal.timeout(30_000) };
}

async function readBack(type: ResourceType, id: string, inputs: Properties, call: Call, last: Properties) {
  const seen = type.read ? await look(type, id, call, last) : { inputs: {}, outputs: last };
  if (!seen) throw new Error(`${id} was written and is gone again`);
  return { id, outputs: stateOf(type, inputs, seen) };
}

async function look(type: ResourceType, id: string, call: Call, last: Properties): Promise<Seen | undefined> {
  const seen = await type.read?.(id, call, last);
  return seen && { inputs: withoutMark(seen.inputs), outputs: withoutMark(seen.outputs) };
}

function stateOf(type: ResourceType, inputs: Properties, seen: Seen): Properties {
  const merged = withSecretsOf(inputs, { ...revealAll(inputs), ...seen.inputs, ...seen.outputs });
  return wrapSecrets(type, inputs, isProperties(merged) ? merged : {});
}

function wrapSecrets(type: ResourceType, inputs: Properties, values: Properties): Properties {
  const secret = [...(type.secrets ?? []), ...(type.secretsOf?.(inputs) ?? [])];
  const wrapped = { ...values };
  for (const key of secret) {
    const value = wrapped[key];
    if (!isAbsent(value) && !(value instanceof Secret)) wrapped[key] = new Secret(value);
  }
  return wrapped;
}

/** A service answers `false`, "" or nothing where nobody has said anything: a person would not have written it. */
function withoutEmpty(values: Properties): Properties {
  const says = (value: Value | undefined) =>
    value !== false &&
    value !== "" &&
    !(typeof value === "object" && value !== null && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(values).filter(([, value]) => says(value)));
}

interface Settled {
  id: string;
  outputs?: Properties;
  failed?: string[];
}

async function settle(work: Promise<string | { id: string; outputs: Properties }>): Promise<Settled> {
  try {
    const made = await work;
    return typeof made === "string" ? { id: made } : made;
  } catch (error) {
    if (error instanceof InitFailure) return { id: error.id, failed: error.reasons };
    throw error;
  }
}

function asText(value: Value | undefined): Value | undefined {
  if (value instanceof Secret) return new Secret(asText(value.value) ?? null);
  if (!isProperties(value)) return value;
  return hasUnknown(value) ? unknownValue : JSON.stringify(revealAll(value));
}
