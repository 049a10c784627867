/**
 * Conditions of IAM on Google Cloud, the part of CEL that they are mostly written in: comparisons, `in`, `&&`, `||`, `!`,
 * `startsWith`, `endsWith`, `contains`, `timestamp`, `api.getAttribute`. All else is told as not understood: never silently true or false.
 * Source: https://cloud.google.com/iam/docs/conditions-overview, https://github.com/google/cel-spec
 */

export type Value = string | number | boolean | { time: number } | readonly Value[];

/** A value, or why there is none: an attribute that nobody told, or words that are not understood here. */
export type Result = { value: Value } | { open: string; understood: boolean };

/** By name, such as `resource.name`. @returns undefined for what is not told, null for what the request has not */
export type Attributes = (name: string) => Value | null | undefined;

export function evaluateCondition(expression: string, attributes: Attributes): Result {
  try {
    const parser = new Parser(tokensOf(expression), attributes);
    const result = parser.either();
    if (!parser.ended) return strange(expression);
    return "value" in result && typeof result.value !== "boolean" ? strange(expression) : result;
  } catch (error) {
    if (error instanceof NotCel) return strange(error.message || expression);
    throw error;
  }
}

class NotCel extends Error {}

interface Token {
  kind: "text" | "number" | "name" | "sign";
  text: string;
}

const token =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(&&|\|\||[=!<>]=|[<>!()[\],.-]))/y;

function tokensOf(expression: string): Token[] {
  const found: Token[] = [];
  token.lastIndex = 0;
  for (let at = 0; expression.slice(at).trim() !== ""; at = token.lastIndex) {
    token.lastIndex = at;
    const [, text, number, name, sign] = token.exec(expression) ?? [];
    if (text !== undefined) found.push({ kind: "text", text: textOf(text) });
    else if (number !== undefined) found.push({ kind: "number", text: number });
    else if (name !== undefined) found.push({ kind: "name", text: name });
    else if (sign !== undefined) found.push({ kind: "sign", text: sign });
    else throw new NotCel(expression.slice(at).trim().slice(0, 60));
  }
  return found;
}

/** Escapes of quotes and backslashes; others are not understood. */
function textOf(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, (whole, char: string) => {
    if (/["'\\]/.test(char)) return char;
    throw new NotCel(whole);
  });
}

/** Reads and decides at once. Both sides are always read, so that a mistake anywhere is seen. */
class Parser {
  #at = 0;
  readonly #tokens: readonly Token[];
  readonly #attributes: Attributes;

  constructor(tokens: readonly Token[], attributes: Attributes) {
    this.#tokens = tokens;
    this.#attributes = attributes;
  }

  get ended(): boolean {
    return this.#at === this.#tokens.length;
  }

  either(): Result {
    let left = this.#both();
    while (this.#takes("||")) left = join(left, this.#both(), true);
    return left;
  }

  #both(): Result {
    let left = this.#compared();
    while (this.#takes("&&")) left = join(left, this.#compared(), false);
    return left;
  }

  #compared(): Result {
    const left = this.#single();
    const operator = ["==", "!=", "<=", ">=", "<", ">"].find((sign) => this.#takes(sign));
    if (operator) return compare(left, operator, this.#single());
    if (!this.#takes("in", "name")) return left;
    const list = this.#single();
    if (!("value" in left)) return left;
    if (!("value" in list)) return list;
    if (!isList(list.value)) throw new NotCel("in, of what is no list");
    return { value: list.value.some((one) => one === left.value) };
  }

  #single(): Result {
    if (this.#takes("!")) return negated(this.#single());
    const found = this.#tokens[this.#at++];
    if (found?.kind === "text") return this.#called({ value: found.text });
    if (found?.kind === "number") return { value: Number(found.text) };
    if (found?.kind === "name") return this.#named(found.text);
    if (found?.text === "(") {
      const inner = this.either();
      this.#need(")");
      return inner;
    }
    if (found?.text === "[") return this.#listed();
    throw new NotCel(found?.text ?? "an end too early");
  }

  #listed(): Result {
    const items = this.#until("]");
    const open = items.find((item) => "open" in item);
    return open ?? { value: items.flatMap((item) => ("value" in item ? [item.value] : [])) };
  }

  #named(name: string): Result {
    if (name === "true" || name === "false") return { value: name === "true" };
    if (this.#takes("(")) {
      const [argument, ...more] = this.#until(")");
      if (name !== "timestamp" || !argument || more.length > 0) return strange(`${name}()`);
      if (!("value" in argument)) return argument;
      const time = typeof argument.value === "string" ? Date.parse(argument.value) : Number.NaN;
      return Number.isNaN(time) ? strange("timestamp()") : { value: { time } };
    }
    if (name === "api" && this.#peeks(".") && this.#callsNext()) return this.#attribute();
    let path = name;
    while (this.#peeks(".") && !this.#callsNext()) {
      this.#at++;
      path += `.${this.#name()}`;
    }
    const value = this.#attributes(path) ?? undefined;
    return this.#called(value === undefined ? { open: path, understood: true } : { value });
  }

  /** `api.getAttribute(name, default)`, from behind `api`. */
  #attribute(): Result {
    this.#need(".");
    const method = this.#name();
    this.#need("(");
    const [name, otherwise, ...more] = this.#until(")");
    if (method !== "getAttribute" || !name || !otherwise || more.length > 0)
      return this.#called(strange(`api.${method}()`));
    if (!("value" in name)) return this.#called(name);
    if (typeof name.value !== "string") throw new NotCel("api.getAttribute() of what is no text");
    const value = this.#attributes(name.value);
    if (value === null) return this.#called(otherwise);
    return this.#called(value === undefined ? { open: name.value, understood: true } : { value });
  }

  /** Methods behind a value, one after the other. */
  #called(subject: Result): Result {
    let result = subject;
    while (this.#takes(".")) {
      const method = this.#name();
      this.#need("(");
      result = call(result, method, this.#until(")"));
    }
    return result;
  }

  #until(end: string): Result[] {
    const items: Result[] = [];
    while (!this.#takes(end)) {
      if (items.length > 0) this.#need(",");
      items.push(this.either());
    }
    return items;
  }

  #callsNext(): boolean {
    return this.#tokens[this.#at + 1]?.kind === "name" && this.#tokens[this.#at + 2]?.text === "(";
  }

  #name(): string {
    const found = this.#tokens[this.#at++];
    if (found?.kind !== "name") throw new NotCel(found?.text ?? "an end too early");
    return found.text;
  }

  #peeks(text: string, kind: Token["kind"] = "sign"): boolean {
    const next = this.#tokens[this.#at];
    return next?.kind === kind && next.text === text;
  }

  #takes(text: string, kind: Token["kind"] = "sign"): boolean {
    if (!this.#peeks(text, kind)) return false;
    this.#at++;
    return true;
  }

  #need(text: string): void {
    if (!this.#takes(text)) throw new NotCel(this.#tokens[this.#at]?.text ?? "an end too early");
  }
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

function strange(words: string): Result {
  return { open: words, understood: false };
}

/** @param decisive what decides alone: true of `||`, false of `&&`, whatever the other side is */
function join(left: Result, right: Result, decisive: boolean): Result {
  for (const side of [left, right]) {
    if (!("value" in side)) continue;
    if (typeof side.value !== "boolean") throw new NotCel("&& or || of what is neither true nor false");
    if (side.value === decisive) return side;
  }
  return "open" in left ? left : right;
}

function negated(result: Result): Result {
  if (!("value" in result)) return result;
  if (typeof result.value !== "boolean") throw new NotCel("! of what is neither true nor false");
  return { value: !result.value };
}

function compare(left: Result, operator: string, right: Result): Result {
  if (!("value" in left)) return left;
  if (!("value" in right)) return right;
  const [a, b] = [plain(left.value), plain(right.value)];
  if (typeof a !== typeof b) throw new NotCel(`${operator} of two types`);
  switch (operator) {
    case "==":
      return { value: a === b };
    case "!=":
      return { value: a !== b };
    case "<":
      return { value: a < b };
    case "<=":
      return { value: a <= b };
    case ">":
      return { value: a > b };
    default:
      return { value: a >= b };
  }
}

function plain(value: Value): string | number | boolean {
  if (typeof value !== "object") return value;
  if ("time" in value) return value.time;
  throw new NotCel("a comparison of lists");
}

const methods: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
  contains: (text, part) => text.includes(part),
};

function call(subject: Result, method: string, [argument, ...more]: Result[]): Result {
  if ("open" in subject && !subject.understood) return subject;
  const known = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!known || !argument || more.length > 0) return strange(`${method}()`);
  if (!("value" in subject)) return subject;
  if (!("value" in argument)) return argument;
  if (typeof subject.value !== "string" || typeof argument.value !== "string") return strange(`${method}()`);
  return { value: known(subject.value, argument.value) };
}
