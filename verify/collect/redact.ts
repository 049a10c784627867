/**
 * What leaves a collector must hold no secret. Values of Secrets never do (see scan.ts); here goes what else of an object
 * may carry one: what it was applied from, annotations, command lines, and variables by their name or what they look like.
 */
import { identityAnnotations } from "../../components/identity/contract.ts";
import { managersAnnotation } from "../../components/serving/contract.ts";
import { hidden, redactValue, secretName } from "../reason/credentials.ts";

/** Those that a check reads: which cloud identity an account has, and who manages what serves apps. */
const keptAnnotations = new Set<string>([...Object.values(identityAnnotations), managersAnnotation]);

/** A copy of an object of the Kubernetes API. Lists of a pod's variables keep every name. */
export function redactObject<T>(object: T): T {
  return walk(object, "") as T;
}

function walk(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return key === "env" ? value.map(redactVariable) : value.map((item) => walk(item, ""));
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const kept = Object.entries(value).filter(([name, inner]) => !isLeftOut(name, inner));
  return Object.fromEntries(
    kept.map(([name, inner]) => [
      name,
      key === "metadata" && name === "annotations" ? annotations(inner) : walk(inner, name),
    ]),
  );
}

const isLeftOut = (name: string, value: unknown) =>
  name === "managedFields" || ((name === "args" || name === "command") && Array.isArray(value));

function annotations(value: unknown): unknown {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([name]) => keptAnnotations.has(name)));
}

const isPath = (value: string) => /^\/[\w./-]+$/.test(value);

function redactVariable(variable: unknown): unknown {
  const { name, value, ...rest } = variable as { name?: unknown; value?: unknown };
  if (typeof name !== "string" || typeof value !== "string" || value === "") return variable;
  // A file's name, such as that of a projected token, is no secret.
  const kept = secretName.test(name) && !isPath(value) ? hidden(value) : redactValue(value);
  return { name, value: kept, ...rest };
}
