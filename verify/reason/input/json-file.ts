/** One JSON document, from a file or a line. */
import { readFileSync } from "node:fs";
import { messageOf, refusal } from "../../../shared/errors.ts";

/** @throws UserError that names what the file was to hold */
export function readJson(file: string, subject: string): unknown {
  try {
    return parseJson(withoutMark(readFileSync(file, "utf8")));
  } catch (error) {
    throw refusal({ subject, value: file, allowed: `a JSON file (${messageOf(error)})` });
  }
}

/**
 * Refuses a key that an object has twice: of two conditions on one operator JavaScript would keep the last, and AWS takes no
 * such policy.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const twice = repeatedKey(text);
  if (twice !== undefined) throw new SyntaxError(`the key ${twice} stands twice in one object`);
  return value;
}

const sign = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

/** Of a text that is known to be JSON. */
function repeatedKey(text: string): string | undefined {
  /** The keys of each object that is open; of a list none. */
  const open: (Set<string> | undefined)[] = [];
  let last = "";
  for (const [found] of text.matchAll(sign)) {
    if (found === "{") open.push(new Set());
    else if (found === "[") open.push(undefined);
    else if (found === "}" || found === "]") open.pop();
    else if (found === ":") {
      const key: unknown = JSON.parse(last);
      const keys = open.at(-1);
      if (keys?.has(String(key))) return last;
      keys?.add(String(key));
    }
    last = found;
  }
  return undefined;
}

/** Some editors begin a file with a mark of its bytes' order. */
export function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, "");
}
