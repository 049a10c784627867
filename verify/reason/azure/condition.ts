/**
 * Conditions of role assignments: Azure's attribute language, read and decided at once. What is not told stays open; what is
 * not understood is told as such, and so is AND beside OR without parentheses: never silently true or false.
 * Source: Azure RBAC, "Azure role assignment condition format and syntax".
 */
import { allOf, anyOf, type Match, notOf } from "../gcp/members.ts";
import { comparison, type Given } from "./comparison.ts";
import { actionCovers } from "./scopes.ts";

/** What a request is. */
export interface Conditioned {
  action: string;
  /** Such as Blob.List; null for a request without one, undefined where nobody told. */
  subOperation: string | null | undefined;
  /** By its whole name, such as `@Resource[…:path]`. @returns undefined for what is not told, null for what is not there */
  attribute(name: string): Given | null | undefined;
}

export function conditionHolds(expression: string | null | undefined, asked: Conditioned): Match {
  if (expression === null || expression === undefined || expression.trim() === "") return { matches: "yes", open: [] };
  try {
    const parser = new Parser(tokensOf(expression), asked);
    const match = parser.either();
    if (parser.ended) return match;
    throw new NotUnderstood("what follows its end");
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    const open = [`the condition ${expression}, where ${error.message} is not understood`];
    return { matches: "maybe", open, notUnderstood: true };
  }
}

class NotUnderstood extends Error {}

type Token = { kind: "text" | "attribute" | "word" | "sign"; text: string };

const token =
  /\s*(?:'((?:[^'\\]|\\.)*)'|(@(?:Resource|Request|Principal|Environment)\[[^\]]+\])|([A-Za-z0-9_.:+-]+)|(&&|\|\||[!(){},]))/y;

function tokensOf(expression: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; expression.slice(at).trim() !== ""; at = token.lastIndex) {
    token.lastIndex = at;
    const [, text, attribute, word, sign] = token.exec(expression) ?? [];
    if (text !== undefined) found.push({ kind: "text", text: text.replace(/\\(.)/g, "$1") });
    else if (attribute !== undefined) found.push({ kind: "attribute", text: attribute });
    else if (word !== undefined) found.push({ kind: "word", text: word });
    else if (sign !== undefined) found.push({ kind: "sign", text: sign });
    else throw new NotUnderstood(expression.slice(at).trim().slice(0, 60));
  }
  return found;
}

/** Both sides are always read, so that a mistake anywhere is seen. */
class Parser {
  readonly #tokens: Token[];
  readonly #asked: Conditioned;
  #at = 0;

  constructor(tokens: Token[], asked: Conditioned) {
    this.#tokens = tokens;
    this.#asked = asked;
  }

  get ended(): boolean {
    return this.#at >= this.#tokens.length;
  }

  either(): Match {
    const parts = [this.#single()];
    const joined = new Set<"AND" | "OR">();
    for (let join = this.#join(); join !== undefined; join = this.#join()) {
      joined.add(join);
      parts.push(this.#single());
    }
    if (joined.size > 1) throw new NotUnderstood("AND beside OR without parentheses");
    return joined.has("OR") ? anyOf(parts) : allOf(parts);
  }

  #single(): Match {
    if (this.#takes("!", "NOT")) return notOf(this.#single());
    if (this.#takes("(")) {
      const inner = this.either();
      this.#need(")");
      return inner;
    }
    if (this.#takes("ActionMatches")) {
      const patterns = this.#set();
      return answer(patterns.some((pattern) => actionCovers(pattern, this.#asked.action)));
    }
    if (this.#takes("SubOperationMatches")) return this.#subOperation();
    if (this.#takes("Exists")) return this.#exists(true);
    if (this.#takes("NotExists")) return this.#exists(false);
    return this.#compared();
  }

  #subOperation(): Match {
    const names = this.#set();
    const { subOperation } = this.#asked;
    if (subOperation === undefined) return { matches: "maybe", open: ["the suboperation of the request"] };
    return answer(names.some((name) => name.toLowerCase() === subOperation?.toLowerCase()));
  }

  #exists(wanted: boolean): Match {
    const { kind, text } = this.#next();
    if (kind !== "attribute") throw new NotUnderstood(text);
    const value = this.#asked.attribute(text);
    return value === undefined ? { matches: "maybe", open: [text] } : answer((value !== null) === wanted);
  }

  #compared(): Match {
    const left = this.#operand();
    const { kind, text: operator } = this.#next();
    if (kind !== "word") throw new NotUnderstood(operator);
    const right = this.#operand();
    const compare = comparison(operator);
    if (!compare) throw new NotUnderstood(operator);
    const open = [left, right].flatMap(({ name, value }) => (value === undefined ? [name] : []));
    if (open.length > 0) return { matches: "maybe", open };
    const absent = [left, right].find(({ value }) => value === null);
    // What Azure makes of an attribute that is not there differs by operator, and is not written down for all of them.
    if (absent) throw new NotUnderstood(`${operator} of ${absent.name}, which the request has not,`);
    const result = compare(left.value ?? "", right.value ?? "");
    if (result === undefined) throw new NotUnderstood(`${operator} of these values`);
    return answer(result);
  }

  #operand(): { name: string; value: Given | null | undefined } {
    if (this.#peek()?.text === "{" && this.#peek()?.kind === "sign") return { name: "a set", value: this.#set() };
    const { kind, text } = this.#next();
    if (kind === "attribute") return { name: text, value: this.#asked.attribute(text) };
    if (kind === "text") return { name: text, value: text };
    if (kind === "word" && /^(true|false|[+-]?\d+(\.\d+)?)$/i.test(text)) return { name: text, value: text };
    throw new NotUnderstood(text);
  }

  #set(): string[] {
    this.#need("{");
    const found: string[] = [];
    do {
      const { kind, text } = this.#next();
      if (kind !== "text" && kind !== "word") throw new NotUnderstood(text);
      found.push(text);
    } while (this.#takes(","));
    this.#need("}");
    return found;
  }

  #join(): "AND" | "OR" | undefined {
    if (this.#takes("AND", "&&")) return "AND";
    return this.#takes("OR", "||") ? "OR" : undefined;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  /** Words of the language itself, whatever their capitals. */
  #takes(...words: string[]): boolean {
    const next = this.#peek();
    if (!next || next.kind === "text" || next.kind === "attribute") return false;
    if (!words.some((word) => word.toLowerCase() === next.text.toLowerCase())) return false;
    this.#at++;
    return true;
  }

  #need(sign: string): void {
    if (!this.#takes(sign)) throw new NotUnderstood(this.#peek()?.text ?? "its end");
  }

  #next(): Token {
    const next = this.#tokens[this.#at++];
    if (!next) throw new NotUnderstood("its end");
    return next;
  }
}

function answer(known: boolean): Match {
  return { matches: known ? "yes" : "no", open: [] };
}
