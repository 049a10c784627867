/** AppService: apps that are deployed, stopped, removed and watched. Who serves them learns of it in directory.ts. */
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { AppService } from "../../../gen/flyteidl2/app/app_service_pb.js";
import { type Caller, callerOf } from "../../shared/auth/caller.ts";
import { alreadyExists, invalid, notFound, precondition } from "../../shared/errors.ts";
import { appKeyOf } from "../runs/identifiers.ts";
import { appScope } from "../runs/scopes.ts";
import {
  createApp,
  deleteApp,
  type NewApp,
  type NotCreated,
  type NotUpdated,
  updateApp,
} from "../store/app-changes.ts";
import { type AppKey, type AppRow, countApps, listApps, readApp, readApps } from "../store/apps.ts";
import { appShape } from "../store/fields.ts";
import { pageOf, planList } from "../store/listing.ts";
import { planApp } from "./new-app.ts";
import { appView } from "./views.ts";
import { type WatchDeps, watchApps } from "./watch-apps.ts";

const maxReason = 1_024;

/** Not here: UpdateStatus and Lease, by which another platform's compute planes would ask. Ours have directory.ts. */
export function appService(deps: WatchDeps): Partial<ServiceImpl<typeof AppService>> {
  const { database } = deps;
  return {
    /** On `already_exists` the client reads what is there and updates it. */
    async create({ app: given }, context) {
      const caller = callerOf(context);
      const planned = planApp(caller, given);
      const made = await createApp(database, caller.org, planned, actorOf(caller));
      if (typeof made === "string") throw notCreated(made, planned);
      return { app: appView(caller.org, made) };
    },
    /** A revision of 0 is whichever is the latest. */
    async update({ app: given, reason }, context) {
      const caller = callerOf(context);
      const planned = planApp(caller, given);
      const expected = given?.metadata?.revision ?? 0n;
      const change = { by: actorOf(caller), reason: reason.slice(0, maxReason), expected };
      const updated = await updateApp(database, caller.org, planned, change);
      if (!isRow(updated)) throw notUpdated(updated, planned.key, expected);
      return { app: appView(caller.org, updated) };
    },
    async get({ identifier }, context) {
      const caller = callerOf(context);
      if (identifier.case === "ingress") {
        return { app: appView(caller.org, await byUrl(caller, identifier.value.publicUrl)) };
      }
      const key = appKeyOf(caller, identifier.value);
      const row = await readApp(database, caller.org, key);
      if (!row) throw noApp(key);
      return { app: appView(caller.org, row) };
    },
    async list({ request, filterBy, includeTotalCount }, context) {
      const caller = callerOf(context);
      const scope = appScope(caller, filterBy);
      const plan = planList(request, appShape, scope);
      const { rows, token } = pageOf(await listApps(database, caller.org, plan), plan);
      const apps = rows.map((row) => appView(caller.org, row));
      if (!includeTotalCount) return { apps, token };
      const all = planList(request && { ...request, token: "" }, appShape, scope);
      return { apps, token, totalCount: await countApps(database, caller.org, all.where) };
    },
    async delete({ appId }, context) {
      const caller = callerOf(context);
      const key = appKeyOf(caller, appId);
      if (!(await deleteApp(database, caller.org, key))) throw noApp(key);
      return {};
    },
    watch: (request, context) => watchApps(deps, request, context),
  };

  /** Of those that the caller may see. */
  async function byUrl(caller: Caller, url: string): Promise<AppRow> {
    const [, host, domain] = /^https:\/\/([^./]+)\.([^/]+)\/?$/.exec(url) ?? [];
    if (!host) {
      throw invalid({ subject: "ingress.public_url", value: url.slice(0, 200), allowed: "an app's address" });
    }
    const scope = appScope(caller, { case: undefined });
    const rows = await readApps(database, caller.org, [...scope, { sql: "t.host = $?", values: [host] }]);
    const found = rows.find(({ apps_domain: own }) => own === domain);
    if (!found) throw notFound("an app at this address");
    return found;
  }
}

function notCreated(why: NotCreated, { key, host, cluster }: NewApp): ConnectError {
  switch (why) {
    case "exists":
      return alreadyExists(`the app ${key.name}`);
    case "host-taken":
      return precondition(`another app of the organisation has the host ${host}: choose another name`);
    case "no-plane":
      return precondition(
        cluster === undefined
          ? "no compute plane of the organisation serves apps"
          : `the cluster ${cluster} does not serve apps of the organisation`,
      );
  }
}

function notUpdated(why: NotUpdated, key: AppKey, expected: bigint): ConnectError {
  if (why === "absent") return noApp(key);
  return new ConnectError(
    `the app ${key.name} is at revision ${why.latest}, not ${expected}; read it again and change that`,
    Code.Aborted,
  );
}

function isRow(answer: AppRow | NotUpdated): answer is AppRow {
  return typeof answer === "object" && "uid" in answer;
}

function noApp({ name }: AppKey): ConnectError {
  return notFound(`the app ${name}`);
}

function actorOf({ subject, kind }: Caller) {
  return { subject, kind };
}
