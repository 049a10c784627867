/** Checked reading of what somebody else wrote: the first thing that is wrong is named, with its place and its value. */
import { z } from "zod";
import { refusal } from "../../../shared/errors.ts";

/** @throws UserError that names the subject, the place in it, the value there, and what is allowed */
export function parseOrRefuse<T>(schema: z.ZodType<T>, value: unknown, subject: string, todo?: string): T {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { path, input, message } = firstWrong(parsed.error.issues);
  throw refusal({
    subject: path.length > 0 ? `${subject}: ${path.map(String).join(".")}` : subject,
    value: input,
    allowed: message.replace(/\.$/, ""),
    todo,
  });
}

function firstWrong([issue]: readonly z.core.$ZodIssue[]): Pick<z.core.$ZodIssue, "path" | "input" | "message"> {
  if (issue?.code !== "unrecognized_keys") return issue ?? { path: [], input: undefined, message: "another value" };
  const [key = ""] = issue.keys;
  const input = Object.entries(issue.input ?? {}).find(([name]) => name === key)?.[1];
  return { path: [...issue.path, key], input, message: "no field of this name" };
}

/** Kubernetes takes null, and a field that is not there, for the same thing. */
export function maybe<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value): z.infer<T> | undefined => value ?? undefined);
}

/** A list that may be missing. */
export function listOf<T extends z.ZodType>(schema: T, allowed = "a list") {
  return z
    .array(schema, allowed)
    .nullish()
    .transform((values): z.infer<T>[] => values ?? []);
}

/** What YAML reads as something else is text to nobody, nor to the API server. */
export const quoted = "a string, which stands in quotes if it looks like a number or like true or false";

/** Labels, annotations. */
export const stringMap = z
  .record(z.string(), z.string(quoted))
  .nullish()
  .transform((values): Record<string, string> => values ?? {});

/** Text of a question; left out, null and empty are one. */
export const text = z
  .string("a string")
  .nullish()
  .transform((value) => value ?? "");

/** Whoever matches answers to questions by more than their order may number them. */
export const queryId = z.union([z.string(), z.number()]).optional().describe("Ignored");

/** Of keys whose case says nothing. */
export function eachOnce(keys: readonly string[]): boolean {
  return new Set(keys.map((key) => key.toLowerCase())).size === keys.length;
}
