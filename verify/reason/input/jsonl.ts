/** Questions, one JSON object a line, and the answers in the same order. */
import { readFileSync } from "node:fs";
import type { z } from "zod";
import { messageOf, refusal } from "../../../shared/errors.ts";
import { parseJson, withoutMark } from "./json-file.ts";
import { parseOrRefuse } from "./parsed.ts";

/**
 * @param file `-` for what comes on standard input
 * @param schemaName of docs/schemas, for whoever wrote a wrong line
 * @throws UserError that names the first wrong line; nothing is answered then
 */
export function readQueries<T>(file: string, schema: z.ZodType<T>, schemaName: string): T[] {
  const todo = `See docs/schemas/${schemaName}.`;
  return textOf(file)
    .split("\n")
    .flatMap((line, index) => {
      if (line.trim() === "") return [];
      const subject = `${file} line ${index + 1}`;
      return [parseOrRefuse(schema, parsed(line, subject, todo), subject, todo)];
    });
}

function textOf(file: string): string {
  try {
    return withoutMark(readFileSync(file === "-" ? 0 : file, "utf8"));
  } catch (error) {
    throw refusal({ subject: "--queries", value: file, allowed: `a file that can be read (${messageOf(error)})` });
  }
}

function parsed(line: string, subject: string, todo: string): unknown {
  try {
    return parseJson(line);
  } catch (error) {
    throw refusal({ subject, value: line, allowed: `one JSON object (${messageOf(error)})`, todo });
  }
}

export function toJsonl(answers: readonly unknown[]): string {
  return answers.map((answer) => `${JSON.stringify(answer)}\n`).join("");
}
