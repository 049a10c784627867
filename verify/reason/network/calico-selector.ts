/** Calico's selectors, such as `app == "web" && !has(test)`: enough of the language to say yes, no, or that it is not known. */
import type { Labels } from "../labels.ts";
import { all, not, some, type Tri, tri } from "../tri.ts";

const token =
  /\s*(?:(&&|\|\||==|!=|[!(){},]|(?:not\s+in|in|contains|starts\s+with|ends\s+with)(?![\w./-]))|"([^"]*)"|'([^']*)'|([\w./-]+))/y;

interface Token {
  kind: "sign" | "text" | "word";
  text: string;
}

/** @param text empty selects everything */
export function calicoSelects(text: string, labels: Labels): Tri {
  if (text.trim() === "") return "yes";
  const tokens = tokensOf(text);
  if (!tokens) return "maybe";
  const reader = new Reader(tokens, labels);
  const answer = reader.either();
  return reader.atEnd() ? answer : "maybe";
}

/** Labels that it asks for. */
export function calicoKeys(text: string): string[] {
  const words = (tokensOf(text) ?? []).flatMap(({ kind, text: word }) => (kind === "word" ? [word] : []));
  return words.filter((word) => !["has", "all", "global"].includes(word));
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (let end = 0; text.slice(end).trim() !== ""; end = token.lastIndex) {
    token.lastIndex = end;
    const found = token.exec(text);
    if (!found) return undefined;
    const [, sign, double, single, word = ""] = found;
    if (sign !== undefined) tokens.push({ kind: "sign", text: sign.replace(/\s+/g, " ") });
    else if (double !== undefined || single !== undefined) tokens.push({ kind: "text", text: double ?? single ?? "" });
    else tokens.push({ kind: "word", text: word });
  }
  return tokens;
}

/** Reads from left to right; what it does not understand makes the whole answer unknown. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #labels: Labels;
  #at = 0;
  #lost = false;

  constructor(tokens: readonly Token[], labels: Labels) {
    this.#tokens = tokens;
    this.#labels = labels;
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length && !this.#lost;
  }

  either(): Tri {
    const parts = [this.#both()];
    while (this.#take("||")) parts.push(this.#both());
    return some(parts);
  }

  #both(): Tri {
    const parts = [this.#one()];
    while (this.#take("&&")) parts.push(this.#one());
    return all(parts);
  }

  #one(): Tri {
    if (this.#take("!")) return not(this.#one());
    if (this.#take("(")) {
      const inner = this.either();
      return this.#expect(")") ? inner : "maybe";
    }
    const word = this.#next("word");
    if (word === "all") return this.#expect("(") && this.#expect(")") ? "yes" : "maybe";
    if (word === "has") return this.#has();
    return word === undefined ? this.#lose() : this.#compare(word);
  }

  #has(): Tri {
    if (!this.#expect("(")) return "maybe";
    const key = this.#next("word");
    if (key === undefined || !this.#expect(")")) return this.#lose();
    return tri(Object.hasOwn(this.#labels, key));
  }

  #compare(key: string): Tri {
    const value = Object.hasOwn(this.#labels, key) ? this.#labels[key] : undefined;
    if (this.#take("==")) return this.#withText((text) => value === text);
    if (this.#take("!=")) return this.#withText((text) => value !== text);
    if (this.#take("in")) return this.#withSet((texts) => value !== undefined && texts.includes(value));
    if (this.#take("not in")) return this.#withSet((texts) => value === undefined || !texts.includes(value));
    if (this.#take("contains")) return this.#withText((text) => value?.includes(text) === true);
    if (this.#take("starts with")) return this.#withText((text) => value?.startsWith(text) === true);
    if (this.#take("ends with")) return this.#withText((text) => value?.endsWith(text) === true);
    return this.#lose();
  }

  #withText(holds: (text: string) => boolean): Tri {
    const text = this.#next("text");
    return text === undefined ? this.#lose() : tri(holds(text));
  }

  #withSet(holds: (texts: readonly string[]) => boolean): Tri {
    if (!this.#expect("{")) return "maybe";
    const texts: string[] = [];
    for (let text = this.#next("text"); text !== undefined; text = this.#take(",") ? this.#next("text") : undefined) {
      texts.push(text);
    }
    return this.#expect("}") ? tri(holds(texts)) : "maybe";
  }

  #next(kind: Token["kind"]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind) return undefined;
    this.#at++;
    return token.text;
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): boolean {
    if (this.#take(sign)) return true;
    this.#lose();
    return false;
  }

  #lose(): Tri {
    this.#lost = true;
    return "maybe";
  }
}
