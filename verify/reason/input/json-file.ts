/** One JSON document from a file. */
import { readFileSync } from "node:fs";
import { messageOf, refusal } from "../../../shared/errors.ts";

/** @throws UserError that names what the file was to hold */
export function readJson(file: string, subject: string): unknown {
  try {
    return JSON.parse(withoutMark(readFileSync(file, "utf8")));
  } catch (error) {
    throw refusal({ subject, value: file, allowed: `a JSON file (${messageOf(error)})` });
  }
}

/** Some editors begin a file with a mark of its bytes' order. */
export function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, "");
}
