/** Against emulated CloudWatch Logs of the test's own; no planes needed. It judges no policies. */
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulated, startEmulated } from "../../../sandbox/engine/testing/emulated.ts";
import { ResumePoint } from "../../shared/resume-point.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { cloudWatchLogs } from "./cloudwatch-logs.ts";
import type { LogStore } from "./log-store.ts";
import { persisted } from "./persisted.ts";

const logGroupName = "/biplane/acme/main";
const place = { namespace: "demo-development", pod: "r1-a0-0" };
const stream = "demo-development_r1-a0-0_4f6d2c1e-0000-4000-8000-000000000001/main/0.log";
const { signal } = new AbortController();
const start = Date.now() - 60_000;
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

/** A line every two milliseconds and every third one twice, as a shipper sends that was killed. */
async function ship(logStreamName: string, count: number): Promise<void> {
  await logs.createLogStream({ logGroupName, logStreamName });
  const lines = Array.from({ length: count }, (_, number) => {
    const timestamp = start + 2 * number;
    return { timestamp, message: `${new Date(timestamp).toISOString()} stdout F line ${number}` };
  });
  await logs.putLogEvents({ logGroupName, logStreamName, logEvents: lines });
  const again = lines.filter((_, number) => number % 3 === 0);
  await logs.putLogEvents({ logGroupName, logStreamName, logEvents: again });
}

async function told(resume = new ResumePoint()): Promise<string[]> {
  const pause = async () => expect.unreachable("the log is old enough to be whole");
  const now = () => Date.now() + 3_600_000;
  const all: string[] = [];
  for await (const lines of persisted(await store.streams(place, signal), { store, resume, signal, pause, now }))
    all.push(...lines.map(({ message }) => message));
  return all;
}

const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `line ${from + at}`);

describe("the log store in CloudWatch Logs", () => {
  it("has no streams of a pod whose log was never shipped, nor of a group that is not there", async () => {
    expect(await store.streams(place, signal)).toEqual([]);
    const nowhere = cloudWatchLogs({ client: logs, logGroupName: "/biplane/acme/other" });
    expect(await nowhere.streams(place, signal)).toEqual([]);
  });

  it("tells 1,000 lines over many pages, each once and in order, and of no other pod", async () => {
    await ship(stream, 1_000);
    await ship("demo-development_r1-a0-01_u/main/0.log", 1);
    await ship("demo-development_r1-a0-0_u/notes", 1);
    expect((await store.streams(place, signal)).map(({ name, container }) => [name, container])).toEqual([
      [stream, "main"],
    ]);
    expect(await told()).toEqual(numbered(0, 1_000));
  });

  it("tells them from the second that is asked for", async () => {
    const since = new Date(start + 1_500).toISOString();
    const first = numbered(0, 1_000).findIndex(
      (_, number) => new Date(start + 2 * number).toISOString().slice(0, 19) >= since.slice(0, 19),
    );
    expect(await told(new ResumePoint(since))).toEqual(numbered(first, 1_000));
  });

  it("finds the streams of a pod among more than one page of them", async () => {
    const names = Array.from({ length: 60 }, (_, at) => `demo-development_r2-a0-0_u/c${at}/0.log`);
    for (const logStreamName of names) await logs.createLogStream({ logGroupName, logStreamName });
    const found = await store.streams({ ...place, pod: "r2-a0-0" }, signal);
    expect(found.map(({ name }) => name).sort()).toEqual(names.sort());
  });

  it("goes on with what comes behind its end", async () => {
    const logStreamName = "demo-development_r3-a0-0_u/main/0.log";
    await logs.createLogStream({ logGroupName, logStreamName });
    const texts: string[] = [];
    let sent = 0;
    for await (const { events, caughtUp } of store.pages(logStreamName, undefined, signal)) {
      texts.push(...events.map(({ text }) => text));
      if (!caughtUp) continue;
      if (sent === 3) break;
      const logEvents = [{ timestamp: start + sent, message: `line ${sent++}` }];
      await logs.putLogEvents({ logGroupName, logStreamName, logEvents });
    }
    expect(texts).toEqual(["line 0", "line 1", "line 2"]);
  });

  it("says that it cannot be reached, and stops asking when its reader leaves", async () => {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const lost = { region: "us-east-2", endpoint: "http://127.0.0.1:9", maxAttempts: 1, credentials };
    const nowhere = cloudWatchLogs({ client: new CloudWatchLogsClient(lost), logGroupName });
    expect(await codeOf(nowhere.streams(place, signal))).toBe("Unavailable");
    const left = AbortSignal.abort();
    for await (const _ of store.pages(stream, undefined, left)) expect.unreachable("nobody reads any more");
  });
});
