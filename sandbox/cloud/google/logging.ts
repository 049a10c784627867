/**
 * Cloud Logging's reads by a view, judged by the view's policy. There is nothing to find: no agent of GKE's ships here, so a
 * line is told as long as its pod is there, and not found afterwards.
 */
import { json, problem, type Reply } from "./answers.ts";
import type { Asked } from "./rights.ts";

const viewName = /^projects\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+\/views\/[^/]+$/;

/** @param allowed IAM */
export function listEntries(
  body: Record<string, unknown>,
  allowed: (asked: Omit<Asked, "principal">) => boolean,
): Reply {
  const names = Array.isArray(body.resourceNames) ? body.resourceNames.map(String) : [];
  if (names.length === 0 || !names.every((name) => viewName.test(name))) {
    return problem(400, "entries are read here by views alone: resourceNames names none, or something else");
  }
  const denied = names.find((name) => !allowed({ permissions: ["logging.views.access"], policies: [name], name }));
  if (denied) return problem(403, `Permission 'logging.views.access' denied on ${denied} (or it may not exist).`);
  return json({});
}
