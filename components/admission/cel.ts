/** Values as CEL writes them. JSON's strings, lists and maps of strings are CEL's too. */
export function text(value: string): string {
  return JSON.stringify(value);
}

export function list(values: readonly string[]): string {
  return `[${values.map(text).join(", ")}]`;
}

export function map(entries: Record<string, string>): string {
  const sorted = Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, value]) => `${text(key)}: ${text(value)}`).join(", ")}}`;
}

/** One text of texts and expressions, for what a person is told. */
export function join(...parts: string[]): string {
  return parts.join(" + ");
}

/** A list as a person reads it. */
export function words(values: readonly string[]): string {
  return values.join(", ") || "none";
}

/** Any JSON value, with its types left open: CEL would have each list and map hold values of one type. */
export function value(of: unknown): string {
  if (Array.isArray(of)) return `dyn([${of.map(value).join(", ")}])`;
  if (typeof of === "object" && of !== null) {
    const entries = Object.entries(of).filter(([, part]) => part !== undefined);
    return `dyn({${entries.map(([key, part]) => `${text(key)}: ${value(part)}`).join(", ")}})`;
  }
  return `dyn(${JSON.stringify(of)})`;
}
