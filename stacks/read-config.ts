import type { z } from "zod";
import type { Cloud } from "../components/identity/contract.ts";
import { refusal, UserError } from "../shared/errors.ts";
import { type Shape, schemas, secretKeys } from "./config.ts";

const prefix = "biplane:";

/** A stack's values by key, as text; nested ones come as JSON from the engine. */
export type GivenConfig = Record<string, string>;

const examples = "stacks/examples/ has a commented example of each.";

/** @throws UserError unless the stack says which program it is: a shape and, for a customer, a phase. */
export function readShape(values: GivenConfig): Shape {
  const shape = values[`${prefix}shape`];
  if (shape === "region") return shape;
  if (shape !== "customer") {
    throw refusal({
      subject: `${prefix}shape`,
      value: shape,
      allowed: "region or customer",
      todo: `Set it by \`pulumi config set biplane:shape <shape>\`; ${examples}`,
    });
  }
  const cloud = values[`${prefix}cloud`] ?? "aws";
  const phases = isCloud(cloud) ? customerPrograms[cloud] : undefined;
  if (!phases) {
    throw refusal({ subject: `${prefix}cloud`, value: cloud, allowed: Object.keys(customerPrograms).join(" or ") });
  }
  const phase = values[`${prefix}phase`];
  const program = phases.find(({ name }) => name === phase)?.program;
  if (program) return program;
  throw refusal({
    subject: `${prefix}phase`,
    value: phase,
    allowed: phases.map(({ name, makes }) => `${name} (${makes})`).join(", "),
    todo: `A customer is two stacks, customer-<org>-base first; ${examples}`,
  });
}

interface Phase {
  name: string;
  makes: string;
  program: Shape;
}

const makes = {
  base: "network, cluster, link",
  workloads: "all that runs on it",
  link: "BYOC: the vendor's end of the link to the API",
};

/** Programs of a customer by cloud and phase. */
const customerPrograms: Record<Cloud, readonly Phase[]> = {
  aws: [
    { name: "base", makes: makes.base, program: "customer-base" },
    { name: "workloads", makes: makes.workloads, program: "customer" },
    { name: "account", makes: "before them, where there is no account yet", program: "customer-account" },
  ],
  gcp: [
    { name: "base", makes: makes.base, program: "customer-base-gcp" },
    { name: "workloads", makes: makes.workloads, program: "customer-gcp" },
    { name: "link", makes: makes.link, program: "customer-link-gcp" },
  ],
  azure: [
    { name: "base", makes: makes.base, program: "customer-base-azure" },
    { name: "workloads", makes: makes.workloads, program: "customer-azure" },
    { name: "link", makes: makes.link, program: "customer-link-azure" },
  ],
};

function isCloud(name: string): name is Cloud {
  return Object.hasOwn(customerPrograms, name);
}

/** @throws UserError that lists everything that is wrong with the stack's configuration at once. */
export function readConfig<S extends Shape>(shape: S, values: GivenConfig): z.output<(typeof schemas)[S]>;
export function readConfig(shape: Shape, values: GivenConfig) {
  const given = Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), parseNested(value)]] : [],
    ),
  );
  const result = schemas[shape].safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => describe(issue, given, secretKeys[shape]));
  const settings = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
  throw new UserError(`${settings} wrong in this ${shape} stack:\n${problems.map((line) => `- ${line}`).join("\n")}`);
}

/** Numbers, lists and objects are JSON; everything else is text as it stands. */
function parseNested(value: string): unknown {
  if (!/^\s*(?:[[{]|\d{1,6}\s*$)/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    // Left as text, the schema refuses it by the key's name; the parser's own words would quote the value.
    return value;
  }
}

function describe(issue: z.core.$ZodIssue, given: Record<string, unknown>, secrets: string[]): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map(
      (key) =>
        `${nameOf([...issue.path, key])} is not known; allowed: nothing of this name. Remove it or correct its spelling.`,
    );
  }
  const [top] = issue.path;
  const value = secrets.includes(String(top)) ? undefined : valueAt(given, issue.path);
  const allowed = issue.message.replace(/^Invalid input: expected (\w+), received \w+$/, "$1");
  const missing = valueAt(given, issue.path) === undefined;
  const subject = nameOf(issue.path);
  if (!missing && value === undefined)
    return [`${subject} has a wrong form (its value is not shown); allowed: ${allowed}.`];
  return [
    refusal({
      subject,
      value,
      allowed,
      todo: missing ? `Set it by \`pulumi config set --path ${subject}\`.` : undefined,
    }).message,
  ];
}

function nameOf(path: PropertyKey[]): string {
  return path.reduce<string>(
    (name, part, at) => name + (typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${String(part)}`),
    prefix,
  );
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, part) => {
    if (typeof inner !== "object" || inner === null) return undefined;
    return Object.entries(inner).find(([key]) => key === String(part))?.[1];
  }, value);
}
