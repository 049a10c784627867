/** Who is told that audit records do not reach their bucket: the measure that the exporter sends, judged by the alarm's own rule. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { auditExportAlarm, type MetricAlarm } from "../../../components/alarms/metrics.ts";
import { type Database, openDatabase } from "../../shared/postgres.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { sharedPostgres } from "../../shared/testing/shared-postgres.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { type Exporter, exportRound, startExporter } from "./exporter.ts";
import type { Put } from "./exports.ts";
import { lagMetric } from "./lag-metric.ts";
import { type KeptObjects, keptObjects } from "./testing/kept-objects.ts";

const region = "us-east-2";
const patience = { timeout: 60_000, interval: 100 };
const { log } = recordingLog();
const postgres = sharedPostgres();
const told = z.object({
  Namespace: z.string(),
  MetricData: z.array(
    z.object({
      MetricName: z.string(),
      Value: z.number(),
      Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })),
    }),
  ),
});
type Told = z.output<typeof told>;

let store: TestStore;
let database: Database;
let cloudwatch: Server;
let received: Told[];
let exporter: Exporter | undefined;

beforeEach(async () => {
  store = await openTestStore(postgres);
  database = openDatabase(postgres.exporterOf(store.config), "late export", log);
  received = [];
  cloudwatch = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push(told.parse(JSON.parse(Buffer.concat(chunks).toString())));
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
  }).listen(0, "127.0.0.1");
  await once(cloudwatch, "listening");
  vi.stubEnv("AWS_REGION", region);
  vi.stubEnv("AWS_ENDPOINT_URL_CLOUDWATCH", `http://127.0.0.1:${(cloudwatch.address() as AddressInfo).port}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await exporter?.close();
  exporter = undefined;
  cloudwatch.close().closeAllConnections();
  await database.close();
  await store[Symbol.asyncDispose]();
});

/** As CloudWatch judges the measures of one period. */
function rings(alarm: MetricAlarm, period: readonly Told[]): boolean {
  expect([alarm.statistic, alarm.comparisonOperator]).toEqual(["Maximum", "GreaterThanThreshold"]);
  const values = period.flatMap(({ Namespace, MetricData }) =>
    MetricData.filter(
      ({ MetricName, Dimensions }) =>
        Namespace === alarm.namespace &&
        MetricName === alarm.metricName &&
        Dimensions.length === Object.keys(alarm.dimensions).length &&
        Dimensions.every(({ Name, Value }) => alarm.dimensions[Name] === Value),
    ).map(({ Value }) => Value),
  );
  return values.length === 0 ? alarm.treatMissingData === "breaching" : Math.max(...values) > alarm.threshold;
}

/** Written so long ago; nobody but the owner may say when. */
async function recordOf(minutesAgo: number): Promise<void> {
  const owner = new pg.Client(postgres.ownerOf(store.config));
  await owner.connect();
  await owner.query("select set_config('biplane.org', 'acme', false)");
  await owner.query(
    `insert into biplane.audit_records (org, at, subject, subject_kind, operation, resource, decision, reason, request_id)
     values ('acme', now() - make_interval(mins => $1), 'ann', 'user', 'a.B/C', '', 'allowed', '', 'r')`,
    [minutesAgo],
  );
  await owner.end();
}

/** Rounds until they are: transactions of other tests on the same server hold records back for as long as they last. */
const stored = (bucket: KeptObjects, count: number) =>
  vi.waitFor(async () => {
    await exportRound(deps(bucket.put));
    expect(bucket.ids()).toHaveLength(count);
  }, patience);

const credentials = { accessKeyId: "tests", secretAccessKey: "tests" };
const deps = (put: Put) => ({
  ...{ database, put, tellLag: lagMetric(credentials, region), limits: { records: 100, waitMs: 0 }, log },
});
const gone = () => Promise.reject(new Error("the bucket cannot be reached"));
/** @returns what the exporter tells as it begins, and then each minute. */
async function measured(put: Put): Promise<Told[]> {
  received.length = 0;
  exporter = startExporter(deps(put));
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(0), patience);
  await exporter.close();
  return [...received];
}

it("the alarm rings once records wait for longer than it allows, and no more once they are in the bucket", async () => {
  const alarm = auditExportAlarm(region);
  const bucket = keptObjects();
  await recordOf(alarm.threshold / 60 - 1);
  expect(rings(alarm, await measured(gone))).toBe(false);
  await stored(bucket, 1);
  await recordOf(alarm.threshold / 60 + 1);
  expect(rings(alarm, await measured(gone))).toBe(true);
  await stored(bucket, 2);
  expect(rings(alarm, await measured(bucket.put))).toBe(false);
});

it("the alarm rings where nobody tells any more, and does not take another region's measure for its own", async () => {
  const alarm = auditExportAlarm(region);
  expect(rings(alarm, [])).toBe(true);
  const told = await measured(keptObjects().put);
  expect(rings(alarm, told)).toBe(false);
  expect(rings(auditExportAlarm("eu-west-1"), told)).toBe(true);
});
