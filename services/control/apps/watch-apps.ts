/**
 * Apps as they change. What is read is how they stand, and compared with what was told: changes between two readings
 * come together, and the last state is always told.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { App } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import type { WatchRequest, WatchResponseSchema } from "../../../gen/flyteidl2/app/app_payload_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { notFound } from "../../shared/errors.ts";
import type { Database } from "../../shared/postgres.ts";
import { appKeyOf } from "../runs/identifiers.ts";
import { appScope } from "../runs/scopes.ts";
import { type AppRow, readApps } from "../store/apps.ts";
import type { Hub } from "../store/hub.ts";
import type { Condition } from "../store/listing.ts";
import { appsChannel } from "../store/notify.ts";
import { readWhenever } from "../store/watch.ts";
import { appView } from "./views.ts";

export interface WatchDeps {
  database: Database;
  hub: Hub;
}

type Event = MessageInitShape<typeof WatchResponseSchema>["event"];

/** A watch in which nothing changes says so before proxies cut the stream. */
const quietMs = 30_000;

/** First how everything stands, as updates, since that is what the client looks at; then what changes. */
export async function* watchApps(
  { database, hub }: WatchDeps,
  { target }: WatchRequest,
  context: HandlerContext,
): AsyncGenerator<MessageInitShape<typeof WatchResponseSchema>> {
  const { org } = callerOf(context);
  const one = target.case === "appId" ? appKeyOf(callerOf(context), target.value) : undefined;
  // The caller's grants are asked again while the stream lasts.
  const read = () => readApps(database, org, one ? ofKey(one) : appScope(callerOf(context), scopeOf(target)));
  const told = new Map<string, { version: string; app: App }>();
  let [first, toldAt] = [true, 0];
  for await (const rows of readWhenever(hub, { channel: appsChannel, key: org }, context.signal, read)) {
    if (one && first && rows.length === 0) throw notFound(`the app ${one.name}`);
    for (const event of changes(org, told, rows, first)) {
      toldAt = Date.now();
      yield { event };
    }
    if (one && rows.length === 0) return;
    first = false;
    if (Date.now() - toldAt < quietMs) continue;
    toldAt = Date.now();
    yield {};
  }
}

/** @param told is brought up to date. */
function* changes(
  org: string,
  told: Map<string, { version: string; app: App }>,
  rows: AppRow[],
  first: boolean,
): Generator<Exclude<Event, undefined>> {
  const gone = new Set(told.keys());
  for (const row of rows) {
    const { uid } = row;
    // Where it is served changes with its cluster's domain.
    const version = `${row.version} ${row.apps_domain}`;
    gone.delete(uid);
    const before = told.get(uid);
    if (before?.version === version) continue;
    const app = appView(org, row);
    told.set(uid, { version, app });
    if (before) yield { case: "updateEvent", value: { updatedApp: app, oldApp: before.app } };
    else if (first) yield { case: "updateEvent", value: { updatedApp: app } };
    else yield { case: "createEvent", value: { app } };
  }
  for (const uid of gone) {
    const before = told.get(uid);
    told.delete(uid);
    if (before) yield { case: "deleteEvent", value: { app: before.app } };
  }
}

function ofKey({ project, domain, name }: { project: string; domain: string; name: string }): Condition[] {
  const sql = "t.project = $? and t.domain = $? and t.name = $?";
  return [{ sql, values: [project, domain, name] }];
}

function scopeOf(target: WatchRequest["target"]): Parameters<typeof appScope>[1] {
  return target.case === "appId" ? { case: undefined } : target;
}
