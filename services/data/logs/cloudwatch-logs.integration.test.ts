/** Against emulated CloudWatch Logs of the test's own; no planes needed. It judges no policies. */
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulated, startEmulated } from "../../../sandbox/engine/testing/emulated.ts";
import type { PodPlace } from "./attempt-pod.ts";
import { cloudWatchLogs } from "./cloudwatch-logs.ts";
import type { LogStore } from "./log-store.ts";
import { logStoreContract, place, signal } from "./testing/log-store-contract.ts";

const logGroupName = "/biplane/acme/main";
let world: Emulated;
let logs: Awaited<ReturnType<Emulated["cloud"]["logs"]>>;
let store: LogStore;

beforeAll(async () => {
  world = await startEmulated();
  logs = await world.cloud.logs();
  await logs.createLogGroup({ logGroupName });
  store = cloudWatchLogs({ client: logs, logGroupName, pageEvents: 100 });
});
afterAll(() => world?.close());

const streamOf = ({ namespace, pod }: PodPlace, container: string) => `${namespace}_${pod}_u/${container}/0.log`;
const made = new Set<string>();

logStoreContract({
  store: () => store,
  unreachable() {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const lost = { region: "us-east-2", endpoint: "http://127.0.0.1:9", maxAttempts: 1, credentials };
    return cloudWatchLogs({ client: new CloudWatchLogsClient(lost), logGroupName });
  },
  async ship(of, container, lines, again = []) {
    const logStreamName = streamOf(of, container);
    if (!made.has(logStreamName)) await logs.createLogStream({ logGroupName, logStreamName });
    made.add(logStreamName);
    const logEvents = lines.map(([timestamp, text]) => {
      return { timestamp, message: `${new Date(timestamp).toISOString()} stdout F ${text}` };
    });
    await logs.putLogEvents({ logGroupName, logStreamName, logEvents });
    const twice = again.flatMap((at) => logEvents[at] ?? []);
    if (twice.length > 0) await logs.putLogEvents({ logGroupName, logStreamName, logEvents: twice });
  },
});

describe("the log store in CloudWatch Logs", () => {
  it("has no streams of a group that is not there, nor any that is no file of a container's log", async () => {
    const nowhere = cloudWatchLogs({ client: logs, logGroupName: "/biplane/acme/other" });
    expect(await nowhere.streams(place, signal)).toEqual([]);
    await logs.createLogStream({ logGroupName, logStreamName: "demo-development_r4-a0-0_u/notes" });
    expect(await store.streams({ ...place, pod: "r4-a0-0" }, signal)).toEqual([]);
  });

  it("finds the streams of a pod among more than one page of them", async () => {
    const pod = { ...place, pod: "r5-a0-0" };
    const names = Array.from({ length: 60 }, (_, at) => streamOf(pod, `c${at}`));
    for (const logStreamName of names) await logs.createLogStream({ logGroupName, logStreamName });
    const found = await store.streams(pod, signal);
    expect(found.map(({ name }) => name).sort()).toEqual(names.sort());
  });
});
