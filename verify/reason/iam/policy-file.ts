/** The policies that hold for one caller and one resource, as a file gives them: documents as JSON, by what they are. */
import { z } from "zod";
import { type PolicyDocument, policyFrom, type Statement } from "../iam-policy.ts";
import { readJson } from "../input/json-file.ts";
import { isObject } from "../input/manifests.ts";
import { eachOnce, parseOrRefuse } from "../input/parsed.ts";

const texts = z.union([z.string(), z.array(z.string())], "a string or a list of strings");
/** An empty list would speak of nothing under one name and of everything under the other. */
const someAllowed = "a string, or a list of strings that is not empty";
const someTexts = z.union([z.string(), z.array(z.string()).min(1, someAllowed)], someAllowed);
const value = z.union([z.string(), z.number(), z.boolean()]);
const principal = z.union(
  [z.literal("*"), z.partialRecord(z.enum(["AWS", "Service", "Federated", "CanonicalUser"]), texts)],
  '"*", or lists by AWS, Service, Federated or CanonicalUser',
);

const statement = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(["Allow", "Deny"], "Allow or Deny"),
    Action: someTexts.optional(),
    NotAction: someTexts.optional(),
    Resource: someTexts.optional(),
    NotResource: someTexts.optional(),
    Principal: principal.optional(),
    NotPrincipal: principal.optional(),
    Condition: z
      .record(
        z.string(),
        z
          .record(z.string(), z.union([value, z.array(value)], "a value or a list of values"))
          .refine((keys) => eachOnce(Object.keys(keys)), "each key once, whatever its case"),
        "operators with keys and their values",
      )
      .optional(),
  })
  .refine(({ Action, NotAction }) => (Action === undefined) !== (NotAction === undefined), "either Action or NotAction")
  .refine(
    ({ Resource, NotResource }) => Resource === undefined || NotResource === undefined,
    "Resource or NotResource",
  );

type Written = z.infer<typeof statement>;

function document(allowed: string, fits: (statement: Written) => boolean) {
  return z.strictObject({
    Version: z.enum(["2008-10-17", "2012-10-17"], "2008-10-17 or 2012-10-17").optional(),
    Id: z.string().optional(),
    Statement: z.array(statement.refine(fits, allowed)).describe("One alone may stand without its list"),
  });
}

const ofCaller = document(
  "a statement with Resource or NotResource, and without a principal",
  ({ Resource, NotResource, Principal, NotPrincipal }) =>
    (Resource ?? NotResource) !== undefined && Principal === undefined && NotPrincipal === undefined,
);
const ofResource = document(
  "a statement with either Principal or NotPrincipal",
  ({ Principal, NotPrincipal }) => (Principal === undefined) !== (NotPrincipal === undefined),
);
const callers = z.array(ofCaller).default([]);

export const policyFile = z.strictObject({
  identity: callers.describe("The caller's own, its groups' too"),
  resource: z.array(ofResource).default([]).describe("The resource's; of a role its trust policy"),
  boundary: callers.describe("The caller's permissions boundary; several: each must allow"),
  session: callers.describe("Session policies"),
  scp: z
    .union([z.array(ofCaller), z.array(z.array(ofCaller))], "a list of policies, or a list of such lists")
    .default([])
    .describe("Of the organisation: one level, or a list of levels that each must allow"),
});

export interface Policies {
  identity: readonly PolicyDocument[];
  resource: readonly PolicyDocument[];
  /** Each must allow. */
  boundary: readonly PolicyDocument[];
  /** None: there is no session policy. */
  session: readonly PolicyDocument[];
  /** Each level must allow. */
  scp: readonly (readonly PolicyDocument[])[];
  /** Where a statement stands in the file: `identity[0].Statement[2]`. */
  placeOf: ReadonlyMap<Statement, string>;
}

/** @throws UserError for what is no such file, with the place in it */
export function readPolicyFile(file: string): Policies {
  const raw = readJson(file, "policies");
  // A lone document is the caller's own.
  const given = isObject(raw) && "Statement" in raw ? { identity: [raw] } : raw;
  return policiesFrom(given, file);
}

export function policiesFrom(given: unknown, subject: string): Policies {
  const { identity, resource, boundary, session, scp } = parseOrRefuse(
    policyFile,
    withLists(given),
    subject,
    "See docs/schemas/reason-iam-policies.schema.json.",
  );
  const placeOf = new Map<Statement, string>();
  const read = (list: readonly unknown[], place: string): PolicyDocument[] =>
    list.map((one, at) => {
      const parsed = policyFrom(one);
      for (const [index, found] of parsed.statements.entries()) {
        placeOf.set(found, `${place}[${at}].Statement[${index}]${found.sid ? ` (${found.sid})` : ""}`);
      }
      return parsed;
    });
  const levels = scp.filter((level) => Array.isArray(level));
  return {
    identity: read(identity, "identity"),
    resource: read(resource, "resource"),
    boundary: read(boundary, "boundary"),
    session: read(session, "session"),
    scp:
      levels.length === 0 && scp.length > 0 ? [read(scp, "scp")] : levels.map((level, at) => read(level, `scp[${at}]`)),
    placeOf,
  };
}

/** What may stand without a list gets one: a document, and a statement in it. */
function withLists(given: unknown): unknown {
  if (Array.isArray(given) || !isObject(given)) return given;
  const document = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(document);
    return isObject(one) && isObject(one.Statement) ? { ...one, Statement: [one.Statement] } : one;
  };
  return Object.fromEntries(
    Object.entries(given).map(([name, list]) => [name, isObject(list) ? [document(list)] : document(list)]),
  );
}
