/** AppDirectoryService: what one compute plane has to serve. Organisation and cluster come from the tunnel's certificate. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { AppDirectoryService, AppReport, WatchAppsResponseSchema } from "../../../gen/biplane/apps/v1/apps_pb.js";
import {
  Status_DeploymentStatus as Status,
  Status_Substate as Substate,
} from "../../../gen/flyteidl2/app/app_definition_pb.js";
import { invalid } from "../../shared/errors.ts";
import { keepAliveMs } from "../../shared/limits.ts";
import { dateOf } from "../../shared/times.ts";
import { planeOf } from "../actions/compute-plane.ts";
import { applyAppReports, appsOfPlane, type AppReport as ReportRow, tellPlane } from "../store/app-reports.ts";
import type { AppRow } from "../store/apps.ts";
import { appsChannel } from "../store/notify.ts";
import { readWhenever } from "../store/watch.ts";
import type { WatchDeps } from "./watch-apps.ts";

type Message = MessageInitShape<typeof WatchAppsResponseSchema>;

const maxReports = 1_000;
const maxMessage = 1_024;
const statuses: readonly Status[] = [Status.PENDING, Status.DEPLOYING, Status.ACTIVE, Status.STOPPED, Status.FAILED];

export function appDirectoryService(deps: WatchDeps): ServiceImpl<typeof AppDirectoryService> {
  return {
    watchApps: ({ appsDomain }, context) => watch(deps, planeOf(context), domainOf(appsDomain), context.signal),
    async reportApps({ reports }, context) {
      const { org, cluster } = planeOf(context);
      if (reports.length > maxReports) {
        throw invalid({ subject: "reports", value: reports.length, allowed: `at most ${maxReports}` });
      }
      await applyAppReports(deps.database, org, cluster, reports.map(reportOf));
      return {};
    },
  };
}

async function* watch(
  { database, hub }: WatchDeps,
  { org, cluster }: { org: string; cluster: string },
  domain: string,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  await tellPlane(database, org, cluster, domain);
  /** By uid: what was told last of it. */
  const told = new Map<string, { revision: string; key: ReturnType<typeof keyView> }>();
  let listed = false;
  const read = () => appsOfPlane(database, org, cluster);
  for await (const rows of readWhenever(hub, { channel: appsChannel, key: org }, signal, read, keepAliveMs)) {
    const gone = new Set(told.keys());
    for (const row of rows) {
      gone.delete(row.uid);
      if (told.get(row.uid)?.revision === row.revision) continue;
      yield { message: { case: "app", value: desiredView(org, row) } };
      told.set(row.uid, { revision: row.revision, key: keyView(row) });
    }
    for (const uid of gone) {
      const key = told.get(uid)?.key;
      if (key) yield { message: { case: "gone", value: key } };
      told.delete(uid);
    }
    if (listed) yield { message: { case: "keepAlive", value: {} } };
    else yield { message: { case: "listed", value: {} } };
    listed = true;
  }
}

function desiredView(org: string, row: AppRow) {
  return { key: keyView(row), org, revision: BigInt(row.revision), host: row.host, spec: Uint8Array.from(row.spec) };
}

function keyView({ project, domain, name, uid }: AppRow) {
  return { project, domain, name, uid };
}

function domainOf(value: string): string {
  if (/^[a-z0-9]([a-z0-9.-]{0,180}[a-z0-9])?$/.test(value) && value.includes(".")) return value;
  throw invalid({
    subject: "apps_domain",
    value: value.slice(0, 80),
    allowed: "a domain such as apps.acme.example.com",
  });
}

function reportOf(report: AppReport): ReportRow {
  const { key, revision, observedAt, deploymentStatus: status, substate, message, replicas } = report;
  if (!key || !observedAt) throw invalid({ subject: "report", allowed: "one with key and observed_at" });
  if (!statuses.includes(status)) {
    throw invalid({
      subject: "deployment_status",
      value: status,
      allowed: statuses.map((one) => Status[one]).join(", "),
    });
  }
  if (Substate[substate] === undefined) throw invalid({ subject: "substate", value: substate, allowed: "a known one" });
  if (replicas > 2 ** 31 - 1) throw invalid({ subject: "replicas", value: replicas, allowed: "up to 2147483647" });
  const { project, domain, name, uid } = key;
  return {
    ...{ key: { project, domain, name }, uid, revision, observedAt: dateOf("observed_at", observedAt) },
    ...{ status, substate, message: message.slice(0, maxMessage), replicas },
  };
}
