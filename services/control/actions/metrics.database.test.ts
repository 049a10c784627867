/** Runs and actions as real services, over HTTP/2 and Postgres: what a scrape tells while many different runs pass. */
import { createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { relayIssuer, tokenVerifier } from "../../shared/auth/verifier.ts";
import { type RunningService, startService } from "../../shared/service.ts";
import { unrecorded } from "../../shared/testing/audit.ts";
import { byRole } from "../../shared/testing/authorizer.ts";
import { testIssuer } from "../../shared/testing/issuer.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { type MetricFamily, metricValue, scrape, seriesOf } from "../../shared/testing/prometheus.ts";
import { until } from "../../shared/testing/until.ts";
import { runsRoutes } from "../runs/service.ts";
import { storedInputs } from "../runs/testing/stored-inputs.ts";
import { lease } from "../store/queue.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { watchQueue } from "./queue-load.ts";
import { actionsRoutes } from "./service.ts";
import { createRun } from "./testing/requests.ts";
import { type SimulatedExecutor, startSimulatedExecutor } from "./testing/simulated-executor.ts";

let store: TestStore;
let service: RunningService;
let users: Transport;
let cluster: Transport;
let executor: SimulatedExecutor | undefined;
let unwatch: () => void;

beforeAll(async () => {
  store = await openTestStore();
  unwatch = watchQueue(store.database);
  const [people, relay] = [await testIssuer(), await testIssuer(relayIssuer)];
  service = await startService(
    { name: "test", port: 0, healthPort: 0, log: recordingLog().log, lingerMs: 0, drainMs: 200 },
    {
      rpc: {
        verify: tokenVerifier([people.trusted, relay.trusted]),
        authorize: byRole,
        audit: unrecorded,
        routes: (router) => {
          runsRoutes({ ...store, inputs: storedInputs })(router);
          actionsRoutes(store)(router);
        },
      },
    },
  );
  const asCluster = { sub: "acme/c1", org: "acme", cluster: "c1", role: "cluster", kind: "cluster" };
  users = callerBy(await people.token());
  cluster = callerBy(await relay.token(asCluster));
});

afterAll(async () => {
  await executor?.stop();
  await service?.stop();
  unwatch?.();
  await store?.[Symbol.asyncDispose]();
});

const many = process.env.BIPLANE_LONG === "1" ? 1_000 : 300;

const now = async () => scrape(service.healthPort);
const createRuns = { rpc_service: "flyteidl2.workflow.RunService", rpc_method: "CreateRun", code: "ok" };
const queue = (families: MetricFamily[], state: string) => metricValue(families, "biplane_queue_actions", { state });

let made = 0;
/** New ones at each try. */
const newNames = (count: number) => Array.from({ length: count }, () => `needle-${made++}`);

/** In place of the one that works, if there is one. */
async function work(capacity = 100): Promise<void> {
  await executor?.stop();
  const behave = () => [{ phase: ActionPhase.SUCCEEDED, attempt: 1, outputUri: "s3://metadata/out" }];
  executor = startSimulatedExecutor({ transport: cluster, capacity, behave, extendMs: 500 });
}

async function makeRuns(names: string[]): Promise<void> {
  const runs = createClient(RunService, users);
  for (let at = 0; at < names.length; at += 20) {
    await Promise.all(names.slice(at, at + 20).map((name) => runs.createRun(createRun(name))));
  }
}

it(`adds no series for ${many} different runs, and has counted every one of them`, {
  timeout: 180_000,
}, async () => {
  const first = await now();
  await work(200);
  await makeRuns(newNames(2));
  const leased = (families: MetricFamily[]) => metricValue(families, "biplane_leases_total", { delivery: "first" });
  const reports = (families: MetricFamily[]) => metricValue(families, "biplane_reports_total");
  const grown = async (count: number) => {
    const { families } = await now();
    const told = reports(families) - reports(first.families);
    return leased(families) >= leased(first.families) + count && told >= count && queue(families, "leased") === 0;
  };
  await until(() => grown(2), 60_000);
  const before = await now();

  await makeRuns(newNames(many));
  await until(() => grown(many + 2), 120_000);
  const after = await now();

  // A deadlock or a lost stream, which a busy machine may bring, has series of its own: not one of a run's.
  expect(seriesOf(after.families).length - seriesOf(before.families).length).toBeLessThan(100);
  expect(after.text).not.toMatch(/needle|acme|demo|s3:/);
  const by = (name: string, labels: Record<string, string> = {}) =>
    metricValue(after.families, name, labels) - metricValue(before.families, name, labels);
  expect(by("biplane_requests_total", createRuns)).toBe(many);
  expect(by("biplane_leases_total", { delivery: "first" })).toBe(many);
  expect(by("biplane_leases_total", { delivery: "again" })).toBe(0);
  expect(by("biplane_reports_total")).toBe(many);
  expect(by("biplane_database_transaction_seconds_count", { outcome: "committed" })).toBeGreaterThan(2 * many);
  expect(by("biplane_database_query_seconds_count", { outcome: "done" })).toBeGreaterThan(2 * many);
});

it("tells how many actions wait, for how long, and which of them are leased again", async () => {
  await executor?.stop();
  executor = undefined;
  const before = await now();
  await makeRuns(newNames(2));
  const moment = await later();
  expect([queue(moment.families, "waiting"), queue(moment.families, "leased")]).toEqual([2, 0]);
  expect(metricValue(moment.families, "biplane_queue_oldest_seconds")).toBeGreaterThan(0.5);

  const worker = { org: "acme", cluster: "c1", worker: "gone" };
  expect(await lease(store.database, worker, 10)).toHaveLength(2);
  const held = await later();
  expect([queue(held.families, "waiting"), queue(held.families, "leased")]).toEqual([0, 2]);
  expect(metricValue(held.families, "biplane_queue_oldest_seconds")).toBe(0);

  // As if the lease had run out.
  await store.database.withOrg("acme", (transaction) => transaction.query("update biplane.queue set due_at = now()"));
  await work();
  const again = async () => {
    const { families } = await now();
    const count = (of: MetricFamily[]) => metricValue(of, "biplane_leases_total", { delivery: "again" });
    return count(families) === count(before.families) + 2 && queue(families, "leased") === 0;
  };
  await until(again, 60_000);
});

it("tells what the pool has open, and how long the queue is without showing the service a row of it", async () => {
  await store.database.withOrg("acme", async (transaction) => {
    await transaction.query("select 1");
    const { families } = await now();
    expect(metricValue(families, "biplane_database_connections", { state: "busy" })).toBeGreaterThanOrEqual(1);
  });
  await executor?.stop();
  executor = undefined;
  const before = queue((await now()).families, "waiting");
  await makeRuns(newNames(1));
  await later();
  const { rows } = await store.database.query("select * from biplane.queue");
  expect(rows).toEqual([]);
  expect(queue((await now()).families, "waiting")).toBe(before + 1);
});

/** Beyond the time for which the queue's length is believed. */
async function later() {
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  return now();
}

function callerBy(token: string): Transport {
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  return createConnectTransport({
    httpVersion: "2",
    baseUrl: `http://127.0.0.1:${service.port}`,
    interceptors: [authorize],
  });
}
