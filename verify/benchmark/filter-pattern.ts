/**
 * CloudWatch Logs' filter patterns over JSON, put to an event: what a filter catches is decided by what it does, not by
 * how it is written. Source: its user guide, filter and pattern syntax.
 */

type Test = (event: unknown) => boolean;

/** Each is put to many events, by many recommendations and their sabotages. */
const known = new Map<string, Test | undefined>();

/** @returns undefined for a pattern that is not over JSON, or has what this does not know: then it is no evidence. */
export function parseFilter(pattern: string): Test | undefined {
  if (!known.has(pattern)) known.set(pattern, parse(pattern));
  return known.get(pattern);
}

function parse(pattern: string): Test | undefined {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(pattern)?.[1];
  const words = inner === undefined ? undefined : wordsOf(inner);
  if (!words) return undefined;
  const rest = [...words];
  const test = either(rest);
  return test && rest.length === 0 ? test : undefined;
}

const word = /\s*("(?:[^"\\]|\\.)*"|&&|\|\||!=|<=|>=|[()=<>]|[^\s()=<>!&|"]+)/y;

function wordsOf(text: string): string[] | undefined {
  const words: string[] = [];
  word.lastIndex = 0;
  while (text.slice(word.lastIndex).trim() !== "") {
    const [, found] = word.exec(text) ?? [];
    if (found === undefined) return undefined;
    words.push(found);
  }
  return words;
}

function either(rest: string[]): Test | undefined {
  return joined(rest, "||", together, (tests) => (event) => tests.some((test) => test(event)));
}

function together(rest: string[]): Test | undefined {
  return joined(rest, "&&", one, (tests) => (event) => tests.every((test) => test(event)));
}

function joined(
  rest: string[],
  by: string,
  part: (rest: string[]) => Test | undefined,
  join: (tests: Test[]) => Test,
): Test | undefined {
  const tests: Test[] = [];
  do {
    const test = part(rest);
    if (!test) return undefined;
    tests.push(test);
  } while (rest[0] === by && rest.shift());
  return join(tests);
}

function one(rest: string[]): Test | undefined {
  const first = rest.shift();
  if (first === "(") {
    const inner = either(rest);
    return rest.shift() === ")" ? inner : undefined;
  }
  if (!first || !/^\$(\.[A-Za-z0-9_]+)+$/.test(first)) return undefined;
  const path = first.slice(2).split(".");
  const operator = rest.shift();
  if (operator === "EXISTS") return (event) => at(event, path) !== undefined;
  if (operator === "NOT") return rest.shift() === "EXISTS" ? (event) => at(event, path) === undefined : undefined;
  const value = rest.shift();
  if (value === undefined || value.startsWith("%")) return undefined;
  const same = likeness(value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value);
  if (operator === "=") return (event) => same(at(event, path));
  // Of a field that is not there, nothing is said.
  if (operator === "!=") return (event) => at(event, path) !== undefined && !same(at(event, path));
  return undefined;
}

function likeness(value: string): Test {
  const parts = value.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const whole = new RegExp(`^${parts.join(".*")}$`, "s");
  return (found) => ["string", "number", "boolean"].includes(typeof found) && whole.test(String(found));
}

function at(event: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    event,
  );
}
