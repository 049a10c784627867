/** What a refresh writes back as inputs: only what somebody else really changed. */
import { isAbsent, isProperties, type Properties, Secret, sameValue, type Value } from "./values.ts";

/**
 * The old inputs, with the live value wherever the live value moved since `before` was read. Services rewrite what
 * they are given (`1000m` comes back as `1`), so live and input are never compared with each other.
 * @param before outputs of the last read or write
 * @param live outputs now
 * @param additions whether an entry that appeared inside an object (a tag) is a change too. In Kubernetes it is not:
 *   an object has many writers, and server-side apply gives each its own fields.
 */
export function refreshedInputs(
  inputs: Properties,
  before: Properties,
  live: Properties,
  additions = false,
): Properties {
  return mapDefined(inputs, (value, key) => refreshed(value, before[key], live[key], additions));
}

/** Inputs that the program does not set and that have appeared or changed since, such as a tag added by hand. */
export function appearedInputs(inputs: Properties, before: Properties, seen: Properties): Properties {
  return Object.fromEntries(
    Object.entries(seen).filter(([key, value]) => inputs[key] === undefined && !sameValue(before[key], value)),
  );
}

function refreshed(
  input: Value,
  before: Value | undefined,
  live: Value | undefined,
  additions: boolean,
): Value | undefined {
  if (input instanceof Secret) {
    const value = refreshed(input.value, bare(before), bare(live), additions);
    return isAbsent(value) ? undefined : new Secret(value);
  }
  const [old, now] = [bare(before), bare(live)];
  if (sameValue(old, now)) return input;
  if (isProperties(input) && isProperties(now)) {
    const was = isProperties(old) ? old : {};
    const kept = mapDefined(input, (value, key) => refreshed(value, was[key], now[key], additions));
    return additions ? { ...appearedInputs(input, was, now), ...kept } : kept;
  }
  if (Array.isArray(input) && Array.isArray(now)) {
    if (sameMembers(old, now)) return input;
    if (input.length === now.length && Array.isArray(old) && old.length === now.length) {
      return input.map((item, index) => refreshed(item, old[index], now[index], additions) ?? null);
    }
  }
  return now ?? undefined;
}

/** Lists of names and ids are sets to most services: another order is no change. */
function sameMembers(a: Value | undefined, b: Value[]): boolean {
  if (!Array.isArray(a) || a.length !== b.length || [...a, ...b].some((item) => typeof item !== "string")) return false;
  return sameValue([...a].sort(), [...b].sort());
}

function mapDefined(properties: Properties, change: (value: Value, key: string) => Value | undefined): Properties {
  const entries = Object.entries(properties).map(([key, value]) => [
    key,
    value === undefined ? undefined : change(value, key),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function bare(value: Value | undefined): Value | undefined {
  return value instanceof Secret ? value.value : value;
}
