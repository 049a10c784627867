/** What differs between two sets of inputs, by path, as the engine prints it; pure, and without any call. */
import { isAbsent, isProperties, type Properties, Secret, sameValue, type Value } from "./values.ts";

type Path = (string | number)[];

export interface Change {
  /** As in Pulumi: `spec.containers[0].image`, `metadata.labels["app.kubernetes.io/name"]`. */
  path: string;
  /** The property at the root of the path. */
  property: string;
  kind: "add" | "delete" | "update";
  /** Whether this change alone needs a new object. */
  replace: boolean;
}

/**
 * @param replaceOn paths whose change cannot be made in place: `name`, `spec.selector`; `*` stands for any one step.
 *   A pattern also covers what lies under it.
 */
export function diffInputs(olds: Properties, news: Properties, replaceOn: readonly string[] = []): Change[] {
  const patterns = replaceOn.map((pattern) => pattern.split("."));
  return [...walk([], olds, news)].map(({ path, kind }) => ({
    path: printPath(path),
    property: String(path[0]),
    kind,
    replace: patterns.some((pattern) => covers(pattern, path)),
  }));
}

function* walk(
  path: Path,
  before: Value | undefined,
  after: Value | undefined,
): Generator<{ path: Path; kind: Change["kind"] }> {
  const a = before instanceof Secret ? before.value : before;
  const b = after instanceof Secret ? after.value : after;
  if (sameValue(a, b)) return;
  if (isProperties(a) && isProperties(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) yield* walk([...path, key], a[key], b[key]);
  } else if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.max(a.length, b.length); index++) {
      yield* walk([...path, index], a[index], b[index]);
    }
  } else {
    yield { path, kind: isAbsent(a) ? "add" : isAbsent(b) ? "delete" : "update" };
  }
}

function covers(pattern: string[], path: Path): boolean {
  // A whole parent that comes or goes takes the covered child with it.
  return pattern.slice(0, path.length).every((step, index) => step === "*" || step === String(path[index]));
}

function printPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (!/^[A-Za-z_$][\w$]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join("");
}
