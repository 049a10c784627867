/** Policy documents as they arrive, checked before any of them is stored. Pure. */
import type { Assignment, Document, Policy, Role } from "../../../gen/biplane/policy/v1/policy_pb.js";
import { isBuiltin, type Permission, type Place, permissions } from "../../shared/auth/permissions.ts";
import { invalid } from "../../shared/errors.ts";

export interface NewRole {
  name: string;
  description: string;
  permissions: Permission[];
}

export interface NewPolicy {
  name: string;
  description: string;
  bindings: (Place & { role: string })[];
}

export interface NewAssignment {
  policy: string;
  users: string[];
  applications: string[];
}

export interface PolicyChange {
  roles: NewRole[];
  policies: NewPolicy[];
  assignments: NewAssignment[];
}

const maxDocuments = 100;
const maxBindings = 100;
const maxAssignees = 1000;

/** @throws ConnectError invalid_argument for the first document that is wrong. */
export function readDocuments(documents: Document[]): PolicyChange {
  if (documents.length < 1 || documents.length > maxDocuments) {
    throw invalid({ subject: "documents", value: documents.length, allowed: `1 to ${maxDocuments}` });
  }
  const change: PolicyChange = { roles: [], policies: [], assignments: [] };
  for (const { document } of documents) {
    if (document.case === "role") change.roles.push(readRole(document.value));
    else if (document.case === "policy") change.policies.push(readPolicy(document.value));
    else if (document.case === "assignment") change.assignments.push(readAssignment(document.value));
    else throw invalid({ subject: "document", allowed: "a role, a policy or an assignment" });
  }
  once(
    "role",
    change.roles.map(({ name }) => name),
  );
  once(
    "policy",
    change.policies.map(({ name }) => name),
  );
  once(
    "assignment",
    change.assignments.map(({ policy }) => policy),
  );
  return change;
}

function readRole({ name, description, actions }: Role): NewRole {
  requireOwnName("role", name);
  if (actions.length === 0) throw invalid({ subject: `role ${name}: actions`, allowed: permissions.join(", ") });
  const unknown = actions.find((action) => !permissions.some((permission) => permission === action));
  if (unknown !== undefined) {
    throw invalid({ subject: `role ${name}: actions`, value: unknown.slice(0, 80), allowed: permissions.join(", ") });
  }
  once(`role ${name}: action`, actions);
  const chosen = permissions.filter((permission) => actions.includes(permission));
  return { name, description: described(`role ${name}`, description), permissions: chosen };
}

function readPolicy({ name, description, bindings }: Policy): NewPolicy {
  requireOwnName("policy", name);
  const subject = `policy ${name}`;
  if (bindings.length < 1 || bindings.length > maxBindings) {
    throw invalid({ subject: `${subject}: bindings`, value: bindings.length, allowed: `1 to ${maxBindings}` });
  }
  const read = bindings.map(({ role, project, domain }) => {
    requireName(`${subject}: role`, role);
    if (project !== "" && domain === "") {
      const allowed = "a domain, or a project with a domain";
      throw invalid({ subject: `${subject}: resource`, value: { project }, allowed, todo: "Name the domain as well." });
    }
    if (project !== "") requireName(`${subject}: project`, project);
    if (domain !== "") requireName(`${subject}: domain`, domain);
    return { role, project, domain };
  });
  return { name, description: described(subject, description), bindings: read };
}

function readAssignment({ policy, assignees }: Assignment): NewAssignment {
  requireName("assignment: policy", policy);
  const { users = [], applications = [] } = assignees ?? {};
  const subject = `assignment of ${policy}`;
  if (users.length + applications.length > maxAssignees) {
    const value = users.length + applications.length;
    throw invalid({ subject, value, allowed: `up to ${maxAssignees} users and applications` });
  }
  for (const user of users) requireSubject(`${subject}: user`, user);
  for (const application of applications) requireSubject(`${subject}: application`, application);
  once(`${subject}: user`, users);
  once(`${subject}: application`, applications);
  return { policy, users, applications };
}

/** Built-in ones are the same in every organisation, so that "admin" always means what the documents say. */
function requireOwnName(kind: string, name: string): void {
  requireName(`${kind}: name`, name);
  if (isBuiltin(name)) {
    throw invalid({
      subject: `${kind}: name`,
      value: name,
      allowed: "a name that is not built-in",
      todo: "Choose another.",
    });
  }
}

function requireName(subject: string, value: string): void {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) return;
  throw invalid({ subject, value: value.slice(0, 80), allowed: 'a-z, 0-9 and "-", at most 63' });
}

function requireSubject(subject: string, value: string): void {
  if (/^[^\s\p{Cc}]{1,256}$/u.test(value)) return;
  throw invalid({ subject, value: value.slice(0, 80), allowed: "1 to 256 characters without white space" });
}

function described(subject: string, description: string): string {
  if (description.length <= 1024) return description;
  throw invalid({ subject: `${subject}: description`, value: description.length, allowed: "at most 1024 characters" });
}

function once(what: string, names: string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid({ subject: what, value: twice, allowed: "each once" });
}
