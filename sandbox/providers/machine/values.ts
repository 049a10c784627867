/**
 * Property values as providers see them. What the engine knows and JSON does not (secrets, values that a preview
 * cannot know yet) are classes here, so that no handler ever meets a wire signature.
 */

/** A value that rests encrypted in the state and is never printed. */
export class Secret {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** Stands for an output that does not exist yet; only previews have it. */
export class Unknown {
  readonly unknown = true;
}

export const unknownValue = new Unknown();

export type Value = null | boolean | number | string | Value[] | Properties | Secret | Unknown;

export interface Properties {
  [key: string]: Value | undefined;
}

export function isProperties(value: unknown): value is Properties {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !(value instanceof Unknown)
  );
}

/** The value without its secret wrappers, at any depth; unknowns stay. */
export function reveal(value: Value): Value {
  if (value instanceof Secret) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  return isProperties(value) ? revealAll(value) : value;
}

export function revealAll(properties: Properties): Properties {
  return mapProperties(properties, reveal);
}

/** Undefined entries are left out: on the wire there is no such thing. */
export function mapProperties(properties: Properties, change: (value: Value, key: string) => Value): Properties {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([key, value]) => (value === undefined ? [] : [[key, change(value, key)]])),
  );
}

export function hasUnknown(value: Value): boolean {
  if (value instanceof Unknown) return true;
  if (value instanceof Secret) return hasUnknown(value.value);
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isProperties(value) && Object.values(value).some((entry) => entry !== undefined && hasUnknown(entry));
}

/** Wraps again, in `value`, whatever is secret at the same place of `like`. */
export function withSecretsOf(like: Value | undefined, value: Value): Value {
  if (like instanceof Secret) return value instanceof Secret ? value : new Secret(value);
  if (Array.isArray(like) && Array.isArray(value)) {
    return value.map((item, index) => withSecretsOf(like[index], item));
  }
  if (isProperties(like) && isProperties(value)) {
    return mapProperties(value, (entry, key) => withSecretsOf(like[key], entry));
  }
  return value;
}

/**
 * Equal in meaning: secrets by their content, JSON texts (policies) by what they say, and null as absent. An unknown
 * equals nothing but an unknown.
 */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (a instanceof Secret) return sameValue(a.value, b);
  if (b instanceof Secret) return sameValue(a, b.value);
  if (a === b) return true;
  if (isAbsent(a) || isAbsent(b)) return isAbsent(a) && isAbsent(b);
  if (typeof a === "string" && typeof b === "string") {
    const [left, right] = [documentOf(a), documentOf(b)];
    return left !== undefined && right !== undefined && sameValue(left, right);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
  }
  if (isProperties(a) && isProperties(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => sameValue(a[key], b[key]));
  }
  return false;
}

export function isAbsent(value: Value | undefined): value is null | undefined {
  return value === null || value === undefined;
}

function documentOf(text: string): Value | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
