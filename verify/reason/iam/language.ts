/** Globs as languages: which sets of them a text can be in at once, each with an example. */

/** Signs inside a compiled pattern; what a variable stands for is one sign of its own. */
const star = "\uE000";
const any = "\uE001";
const firstVariable = 0xe100;

export class Signs {
  readonly #variables = new Map<string, string>();

  /** @param variables `text`: what looks like one is text; `sign`: matched by itself and by `*`; `star`: anything */
  compile(pattern: string, variables: "text" | "sign" | "star"): string {
    const read = variables === "text" ? pattern : this.#withVariables(pattern, variables);
    return read.replaceAll("*", star).replaceAll("?", any).replaceAll("\uE002", "*").replaceAll("\uE003", "?");
  }

  #withVariables(pattern: string, variables: "sign" | "star"): string {
    return pattern.replace(/\$\{([^}]+)\}/g, (_, body: string) => {
      if (body === "*") return "\uE002";
      if (body === "?") return "\uE003";
      if (body === "$") return "$";
      if (variables === "star") return "*";
      // The name of a key is of any case; what stands in for it is not.
      const [, name = body, fallback] = /^([^,]+?)\s*,\s*'([^']*)'$/.exec(body) ?? [];
      const key = fallback === undefined ? name.toLowerCase() : `${name.toLowerCase()}, '${fallback}'`;
      const sign = this.#variables.get(key) ?? String.fromCharCode(firstVariable + this.#variables.size);
      this.#variables.set(key, sign);
      return sign;
    });
  }

  /** An example as a reader writes it. */
  spell(text: string): string {
    const names = new Map([...this.#variables].map(([key, sign]) => [sign, `\u0024{${key}}`]));
    return [...text].map((char) => names.get(char) ?? char).join("");
  }
}

const isVariable = (char: string) => char.charCodeAt(0) >= firstVariable && char.charCodeAt(0) < 0xf8ff;

/** @param compiled by `Signs` */
export function matchesCompiled(compiled: string, text: string): boolean {
  let ends = closure(compiled, [0]);
  for (const char of text.split("")) ends = step(compiled, ends, char);
  return ends.includes(compiled.length);
}

/** Is there a text that both match? @param one compiled by `Signs`, as `other` */
export function compiledMeet(one: string, other: string): boolean {
  return classesOf([one, other], someText)?.some((found) => found.in.every(Boolean)) ?? true;
}

/** Any text but the empty one. */
export const textOfAny: Shape = { start: "", next: () => "some", accepts: (state) => state === "some" };
const someText: Shape = { start: "", next: () => "", accepts: () => true };

/** Which places of the pattern are reached; a star may be passed over. */
function closure(compiled: string, places: readonly number[]): number[] {
  const reached = new Set(places);
  for (const place of reached) if (compiled[place] === star) reached.add(place + 1);
  return [...reached].sort((a, b) => a - b);
}

function step(compiled: string, places: readonly number[], char: string): number[] {
  return closure(
    compiled,
    places.flatMap((place) => {
      const sign = compiled[place];
      if (sign === star) return [place];
      return sign === char || (sign === any && !isVariable(char)) ? [place + 1] : [];
    }),
  );
}

/** One pattern as a machine whose states, sets of places, have numbers; each move is worked out once. */
class Machine {
  readonly #compiled: string;
  readonly #places: (readonly number[])[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #moves: Map<string, number>[] = [];
  readonly start: number;

  constructor(compiled: string) {
    this.#compiled = compiled;
    this.start = this.#numberOf(closure(compiled, [0]));
  }

  move(state: number, char: string): number {
    const known = this.#moves[state]?.get(char);
    if (known !== undefined) return known;
    const next = this.#numberOf(step(this.#compiled, this.#places[state] ?? [], char));
    this.#moves[state]?.set(char, next);
    return next;
  }

  accepts(state: number): boolean {
    return this.#places[state]?.includes(this.#compiled.length) ?? false;
  }

  #numberOf(places: readonly number[]): number {
    const key = places.join(",");
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#places.push(places);
    this.#moves.push(new Map());
    this.#numbers.set(key, this.#places.length - 1);
    return this.#places.length - 1;
  }
}

/** A shape that every example has: states by name, `undefined` for what has it not. */
export interface Shape {
  start: string;
  next(state: string, char: string): string | undefined;
  accepts(state: string): boolean;
}

export interface Class {
  /** The shortest that was found. */
  example: string;
  /** Which of the patterns match it, in their order. */
  in: readonly boolean[];
}

/** Far above what policies of a size that AWS takes need; a search that hits it says so. */
const maxStates = 20_000;

/** @returns one text for each set of patterns that some text is in; undefined if there are too many to look through */
export function classesOf(patterns: readonly string[], shape: Shape, limit = maxStates): Class[] | undefined {
  const letters = new Set(patterns.join("").replaceAll(star, "").replaceAll(any, "").split(""));
  const fresh = [..."xyzwvutq0123456789abcdefghijklmnoprs-"].find((char) => !letters.has(char)) ?? "\u00e6";
  const alphabet = [fresh, ...letters];
  const machines = patterns.map((pattern) => new Machine(pattern));
  const first = { text: "", shape: shape.start, states: machines.map(({ start }) => start) };
  const seen = new Set([keyOf(first)]);
  const found = new Map<string, Class>();
  const queue = [first];
  for (let at = 0; at < queue.length; at++) {
    const { text, shape: shaped, states } = queue[at] ?? first;
    if (shape.accepts(shaped)) {
      const within = machines.map((machine, index) => machine.accepts(states[index] ?? 0));
      const key = within.map(Number).join("");
      if (!found.has(key)) found.set(key, { example: text, in: within });
    }
    for (const char of alphabet) {
      const next = shape.next(shaped, char);
      if (next === undefined) continue;
      const follower = {
        text: text + char,
        shape: next,
        states: machines.map((machine, index) => machine.move(states[index] ?? 0, char)),
      };
      const key = keyOf(follower);
      if (seen.has(key)) continue;
      if (seen.size > limit) return undefined;
      seen.add(key);
      queue.push(follower);
    }
  }
  return [...found.values()];
}

function keyOf({ shape, states }: { shape: string; states: readonly number[] }): string {
  return `${shape}|${states.join(",")}`;
}
