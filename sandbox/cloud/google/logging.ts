/**
 * Cloud Logging's reads by a view, judged by the view's policy. The tasks' have nothing: no agent of GKE's ships here, so a
 * line is told as long as its pod is there, and not found afterwards. That of the project's audit has what the front took.
 */
import { type ActivityLog, auditView } from "./activity.ts";
import { json, problem, type Reply } from "./answers.ts";
import { matcherOf } from "./log-filter.ts";
import type { Asked } from "./rights.ts";

const viewName = /^projects\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+\/views\/[^/]+$/;
const mostEntries = 1000;

/** @param allowed IAM */
export function listEntries(
  body: Record<string, unknown>,
  allowed: (asked: Omit<Asked, "principal">) => boolean,
  activity?: ActivityLog,
): Reply {
  const names = Array.isArray(body.resourceNames) ? body.resourceNames.map(String) : [];
  if (names.length === 0 || !names.every((name) => viewName.test(name))) {
    return problem(400, "entries are read here by views alone: resourceNames names none, or something else");
  }
  const denied = names.find((name) => !allowed({ permissions: ["logging.views.access"], policies: [name], name }));
  if (denied) return problem(403, `Permission 'logging.views.access' denied on ${denied} (or it may not exist).`);
  return activity && names.includes(auditView) ? listActivity(body, activity) : json({});
}

/** The oldest first, as by default. */
function listActivity({ filter = "", pageSize = 50, pageToken }: Record<string, unknown>, log: ActivityLog): Reply {
  const matches = matcherOf(String(filter));
  if (!matches)
    return problem(400, "of filters only FIELD=, >= and <= with quoted values, joined by AND, are read here");
  const size = Number(pageSize);
  if (!(Number.isInteger(size) && size >= 1 && size <= mostEntries))
    return problem(400, `page_size is from 1 to ${mostEntries}`);
  const found = log.all().filter(matches);
  const from = pageToken === undefined ? 0 : found.findIndex(({ insertId }) => insertId === pageToken) + 1;
  if (pageToken !== undefined && from === 0) return problem(400, "page_token is of no page of this question");
  const page = found.slice(from, from + size);
  const last = page.at(-1);
  const more = last !== undefined && from + size < found.length;
  return json({ ...(last ? { entries: page } : {}), ...(more ? { nextPageToken: last.insertId } : {}) });
}
