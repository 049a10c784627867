/** The activity log and the creation times of a kept subscription, as the resource manager tells them; pure. */
import type { ActivityEvent } from "../cloud/azure/activity.ts";
import type { Entry } from "../providers/machine/kept.ts";

export const activityPath = /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Insights\/eventtypes\/management\/values$/i;
export const resourcesPath = /^\/subscriptions\/[^/]+\/resources$/i;

const logDays = 90;
const dayMs = 24 * 60 * 60 * 1000;

/** The one form of filter that is known here, of the few that Azure knows. */
const pattern = /^eventTimestamp ge '([^']+)' and eventTimestamp le '([^']+)' and resourceUri eq '([^']+)'$/;

/** @returns why not, for what Azure would not answer either */
export function eventsAsked(
  events: readonly ActivityEvent[],
  filter: string | null,
  now: number,
): ActivityEvent[] | { refused: string } {
  const [, from = "", to = "", id = ""] = pattern.exec(filter ?? "") ?? [];
  const [start, end] = [Date.parse(from), Date.parse(to)];
  if (!id || Number.isNaN(start) || Number.isNaN(end)) return { refused: `the filter '${filter}' is not known here` };
  if (start < now - logDays * dayMs)
    return { refused: `The start time cannot be more than ${logDays} days in the past.` };
  return events.filter(({ resourceId, eventTimestamp }) => {
    const at = Date.parse(eventTimestamp);
    return resourceId.toLowerCase() === id.toLowerCase() && start <= at && at <= end;
  });
}

/** @returns undefined for a filter that is not known here */
export function resourcesAsked(
  kept: Readonly<Record<string, Entry>>,
  path: string,
  query: URLSearchParams,
): object[] | undefined {
  const [, kind] = /^resourceType eq '([^']+)'$/.exec(query.get("$filter") ?? "") ?? [];
  if (kind === undefined) return undefined;
  const prefix = path.replace(/\/resources$/i, "");
  const tellsTime = query.get("$expand") === "createdTime";
  return Object.entries(kept)
    .filter(([id, { outputs, destroyed }]) => {
      return outputs.type === kind && !destroyed && id.toLowerCase().startsWith(`${prefix}/`.toLowerCase());
    })
    .map(([id, { outputs, inputs, madeAt }]) => ({
      ...{ id, name: outputs.name, type: kind, location: inputs.location },
      ...(tellsTime && madeAt !== undefined ? { createdTime: madeAt } : {}),
    }));
}
