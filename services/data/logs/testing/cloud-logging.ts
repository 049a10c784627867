/** Cloud Logging in memory, so far as the service asks it: entries as the API returns them, and the queries that it makes. */
import { problem, startGoogleServer } from "../../../shared/testing/google-server.ts";

export interface LogEntry {
  insertId: string;
  timestamp: string;
  receiveTimestamp: string;
  logName: string;
  resource: { type: string; labels: Record<string, string> };
  textPayload?: string;
  jsonPayload?: Record<string, unknown>;
}

export type CloudLoggingStandIn = Awaited<ReturnType<typeof startCloudLogging>>;

/** @param view the one that it has */
export async function startCloudLogging(view: string) {
  /** In the order in which they came. */
  const entries: LogEntry[] = [];
  /** Whether a search answers an empty page first, as one does whose time is over before it found anything. */
  const slow = { is: false };

  const server = await startGoogleServer(({ method, target, body }) => {
    if (method !== "POST" || target !== "/v2/entries:list") return problem(404, `${method} ${target} is not served`);
    const { resourceNames, filter, orderBy, pageSize, pageToken } = JSON.parse(body.toString());
    if (resourceNames[0] !== view) return problem(403, `Permission denied on ${resourceNames[0]}`);
    if (orderBy !== "timestamp asc") return problem(400, "another order");
    const wanted = String(filter).split("\n").map(condition);
    const found = entries
      .filter((entry) => wanted.every((fits) => fits(entry)))
      .sort((a, b) => (a.timestamp < b.timestamp ? -1 : Number(a.timestamp > b.timestamp)));
    if (slow.is && pageToken === undefined) return [200, { nextPageToken: "0" }];
    const at = Number(pageToken ?? 0);
    const page = found.slice(at, at + pageSize);
    const more = at + page.length < found.length ? { nextPageToken: String(at + page.length) } : {};
    return [200, { ...(page.length > 0 ? { entries: page } : {}), ...more }];
  });
  return { ...server, entries, slow };
}

/** One line of a filter; anything that is not understood is no filter. */
function condition(line: string): (entry: LogEntry) => boolean {
  const [, field = "", operator, literal = ""] = /^([\w.]+)(>=|!=|=)(".*")$/.exec(line) ?? [];
  const value = JSON.parse(literal) as string;
  const of = ({ timestamp, resource }: LogEntry) =>
    field === "timestamp"
      ? new Date(timestamp).toISOString()
      : field === "resource.type"
        ? resource.type
        : resource.labels[field.replace("resource.labels.", "")];
  if (operator === ">=") return (entry) => (of(entry) ?? "") >= value;
  return operator === "=" ? (entry) => of(entry) === value : (entry) => of(entry) !== value;
}
