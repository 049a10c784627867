/**
 * Log Analytics' queries, judged by the workspace's role assignments. There is nothing to find: no agent of AKS's ships here,
 * so a line is told as long as its pod is there, and not found afterwards.
 */
import { json, problem, type Reply } from "../google/answers.ts";
import type { Entries } from "../google/rights.ts";
import type { Asked } from "./rights.ts";

const workspaces = "Microsoft.OperationalInsights/workspaces";

/** @param allowed Azure's RBAC */
export function queryLogs(
  path: string,
  body: Record<string, unknown>,
  entries: Entries,
  allowed: (asked: Omit<Asked, "principal">) => boolean,
): Reply {
  const [, workspace] = /^\/v1\/workspaces\/([0-9a-f-]{36})\/query$/.exec(path) ?? [];
  const [, table] = /^(\w+)/.exec(String(body.query ?? "")) ?? [];
  if (!workspace || !table) return problem(400, "a workspace is queried here by its GUID, from one table on");
  const [scope] =
    Object.entries(entries).find(([, { type, outputs, destroyed }]) => {
      return type === "azure-native:operationalinsights:Workspace" && !destroyed && outputs.customerId === workspace;
    }) ?? [];
  const actions = [`${workspaces}/query/read`, `${workspaces}/query/${table}/read`];
  if (!scope || !actions.every((action) => allowed({ action, scope }))) {
    return problem(403, "The provided credentials have insufficient access to perform the requested operation");
  }
  return json({ tables: [{ name: "PrimaryResult", columns: [], rows: [] }] });
}
