/**
 * Roles, policies and assignments as YAML documents (facts/access 10.2). What a document is shows by what it has: a role
 * has actions, a policy bindings, an assignment the name of a policy.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { LineCounter, parseAllDocuments, stringify } from "yaml";
import { z } from "zod";
import type { DocumentSchema, Policy, Role } from "../gen/biplane/policy/v1/policy_pb.js";
import { refusal, UserError } from "../shared/errors.ts";

const text = z.string({ error: "a text" });
const names = z.array(text, { error: "a list of texts" });

const role = z.strictObject({ name: text, description: text.default(""), actions: names });
const resource = z
  .strictObject({ project: text.optional(), domain: text.optional() })
  .refine(({ project, domain }) => project !== undefined || domain !== undefined, {
    error: "a domain, or a project and a domain; no resource at all for the whole organisation",
  });
const policy = z.strictObject({
  name: text,
  description: text.default(""),
  bindings: z.array(z.strictObject({ role: text, resource: resource.optional() }), { error: "a list of bindings" }),
});
const assignment = z.strictObject({ policy: text, users: names.default([]), applications: names.default([]) });

type Document = MessageInitShape<typeof DocumentSchema>;

/** @throws UserError that names file, document, key, value and what is allowed, every problem at once. */
export function parsePolicyFile(file: string, content: string): Document[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(content, { lineCounter: lines, uniqueKeys: true, strict: true });
  const documents = Array.isArray(parsed) ? parsed.filter(({ contents }) => contents !== null) : [];
  if (documents.length === 0) {
    throw refusal({ subject: file, value: "no document", allowed: "roles, policies and assignments as YAML" });
  }
  const problems: string[] = [];
  const read = documents.flatMap((document, index) => {
    const at = `${file}, document ${index + 1} (line ${lines.linePos(document.contents?.range?.[0] ?? 0).line})`;
    const { errors } = document;
    const one =
      errors.length > 0 ? errors.map(({ message }) => `is no YAML: ${message}`) : readDocument(document.toJS());
    if (!Array.isArray(one)) return [one];
    problems.push(...one.map((problem) => `${at}: ${problem}`));
    return [];
  });
  if (problems.length > 0) throw new UserError(problems.join("\n"));
  return read;
}

/** @returns what is wrong, as a list, where something is. */
function readDocument(value: unknown): Document | string[] {
  const has = (key: string) => typeof value === "object" && value !== null && key in value;
  if (has("actions")) {
    return checked(role, value, (one) => ({ document: { case: "role", value: one } }));
  }
  if (has("bindings")) {
    return checked(policy, value, ({ bindings, ...one }) => {
      const placed = bindings.map(({ role: name, resource: { project = "", domain = "" } = {} }) => ({
        role: name,
        project,
        domain,
      }));
      return { document: { case: "policy", value: { ...one, bindings: placed } } };
    });
  }
  if (has("policy")) {
    return checked(assignment, value, ({ policy: name, ...assignees }) => ({
      document: { case: "assignment", value: { policy: name, assignees } },
    }));
  }
  return [
    "has neither actions, bindings nor policy; allowed: a role (name, description, actions), a policy (name, " +
      "description, bindings) or an assignment (policy, users, applications)",
  ];
}

function checked<S extends z.ZodType>(schema: S, value: unknown, make: (one: z.output<S>) => Document) {
  const read = schema.safeParse(value, { reportInput: true });
  if (read.success) return make(read.data);
  return read.error.issues.map((issue) => {
    const subject = issue.path.join(".") || "the document";
    if (issue.code === "unrecognized_keys") return `${subject} has ${issue.keys.join(", ")}; allowed: no such key`;
    const seen = issue.input === undefined ? "is missing" : `is ${JSON.stringify(issue.input)}`;
    return `${subject} ${seen}; allowed: ${issue.message}`;
  });
}

export function renderRole({ name, description, actions }: Role): string {
  return stringify({ name, ...(description ? { description } : {}), actions });
}

/** A policy and, as a second document, who has it: what `policy apply` takes. */
export function renderPolicy({ name, description, bindings, assignees }: Policy): string {
  const bound = bindings.map(({ role: of, project, domain }) => {
    const place = { ...(project ? { project } : {}), ...(domain ? { domain } : {}) };
    return { role: of, ...(domain ? { resource: place } : {}) };
  });
  const { users = [], applications = [] } = assignees ?? {};
  const held = { ...(users.length > 0 ? { users } : {}), ...(applications.length > 0 ? { applications } : {}) };
  const one = stringify({ name, ...(description ? { description } : {}), bindings: bound });
  return Object.keys(held).length > 0 ? `${one}---\n${stringify({ policy: name, ...held })}` : one;
}
