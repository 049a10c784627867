import { projectNumber } from "../providers/gcp/rows.ts";
import { entriesOf, type KeptProject, page, type Route, text } from "./answer.ts";
import { policyOf } from "./policy.ts";
import { predefinedRoles } from "./roles.ts";

const account = `(projects/[^/]+/serviceAccounts/[^/:]+)`;

/** Service accounts, roles and the policies of the project; nothing lies above it. */
export const iamRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/v1\/projects\/([^/]+)\/serviceAccounts$/,
    answer: ([project], query, from) => {
      const accounts = entriesOf(from, "gcp:serviceaccount/account:Account")
        .filter(([path]) => path.startsWith(`projects/${project}/`))
        .map(([name, { inputs, outputs }]) => ({
          ...{ name, projectId: project, uniqueId: text(outputs.uniqueId), email: text(outputs.email) },
          ...{ displayName: text(inputs.displayName), oauth2ClientId: text(outputs.uniqueId) },
        }));
      return page("accounts", accounts, query);
    },
  },
  {
    method: "GET",
    path: new RegExp(`^/v1/${account}/keys$`),
    // Nothing makes keys here; Google's own are none that a user manages.
    answer: ([path = ""], _, { kept }) => (kept[path] ? {} : undefined),
  },
  {
    method: "POST",
    path: new RegExp(`^/v1/${account}:getIamPolicy$`),
    answer: ([path = ""], _, from) => (from.kept[path] ? policyOf(from, path) : undefined),
  },
  {
    method: "GET",
    path: /^\/v1\/(projects\/[^/]+\/roles\/[^/]+)$/,
    answer: ([name = ""], _, { kept }) => {
      const role = kept[name];
      if (!role) return undefined;
      const { title, permissions } = role.inputs;
      return { name, title: text(title), includedPermissions: permissions, stage: "GA", etag: "BwYAAAAAAAA=" };
    },
  },
  {
    method: "GET",
    path: /^\/v1\/(roles\/[^/]+)$/,
    answer: ([name = ""]) => {
      const includedPermissions = predefinedRoles[name];
      return includedPermissions && { name, includedPermissions, stage: "GA", etag: "AA==" };
    },
  },
  { method: "GET", path: /^\/v2\/policies\/[^/]+\/denypolicies$/, answer: () => ({}) },
  {
    method: "GET",
    path: /^\/v3\/projects\/([^/:]+)$/,
    answer: ([project = ""], _, from) =>
      isKept(from, project)
        ? { name: `projects/${projectNumber}`, projectId: project, state: "ACTIVE", displayName: project }
        : undefined,
  },
  {
    method: "POST",
    path: /^\/v1\/projects\/([^/:]+):getAncestry$/,
    answer: ([project = ""], _, from) =>
      isKept(from, project) ? { ancestor: [{ resourceId: { type: "project", id: project } }] } : undefined,
  },
  {
    method: "POST",
    path: /^\/v3\/projects\/([^/:]+):getIamPolicy$/,
    answer: ([project = ""], _, from) => (isKept(from, project) ? policyOf(from, `projects/${project}`) : undefined),
  },
];

function isKept({ kept }: KeptProject, project: string): boolean {
  return Object.keys(kept).some((path) => path.startsWith(`projects/${project}/`));
}
