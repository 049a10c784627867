/** Against Cloud Logging in memory; it judges no IAM. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { google } from "../../../shared/google.ts";
import type { PodPlace } from "./attempt-pod.ts";
import { cloudLogging } from "./cloud-logging.ts";
import { type CloudLoggingStandIn, type LogEntry, startCloudLogging } from "./testing/cloud-logging.ts";
import { logStoreContract, place, signal, told } from "./testing/log-store-contract.ts";

const view = "projects/acme-data/locations/europe-west4/buckets/tasks/views/tasks";
const start = Date.parse("2026-11-26T12:00:00Z");
let standIn: CloudLoggingStandIn;
let insertId = 0;

beforeAll(async () => {
  standIn = await startCloudLogging(view);
});
afterAll(() => standIn.close());

const turns = async () => {};
const store = (more = {}) => cloudLogging({ google: standIn.client, view, pageEvents: 100, turns, ...more });

function entry({ namespace, pod }: PodPlace, container: string, timestamp: string, more: Partial<LogEntry>): LogEntry {
  const labels = { cluster_name: "main", namespace_name: namespace, pod_name: pod, container_name: container };
  return {
    ...{ insertId: `${insertId++}`, timestamp, receiveTimestamp: timestamp },
    ...{ logName: "projects/acme-data/logs/stdout", resource: { type: "k8s_container", labels } },
    ...more,
  };
}

logStoreContract({
  store,
  unreachable: () => {
    const env = { GOOGLE_ENDPOINT_URL: "http://127.0.0.1:9" };
    return cloudLogging({ google: google({ token: async () => "t", env, backoffMs: 1 }), view, turns });
  },
  async ship(of, container, lines, again = []) {
    const made = lines.map(([at, text]) => entry(of, container, new Date(at).toISOString(), { textPayload: text }));
    standIn.entries.push(...made, ...again.flatMap((at) => made[at] ?? []));
  },
});

describe("the log store in Cloud Logging", () => {
  const pod = (name: string) => ({ ...place, pod: name });
  const at = (ms: number) => new Date(start + ms).toISOString();

  it("keeps time to the nanosecond, the stream, and what JSON became", async () => {
    const of = pod("r4-a0-0");
    const time = "2026-11-26T12:00:00.123456789Z";
    standIn.entries.push(
      entry(of, "main", time, { textPayload: "to stderr\n", logName: "projects/acme-data/logs/stderr" }),
      entry(of, "main", time, { jsonPayload: { level: "info", at: 1 } }),
    );
    const [stream = expect.unreachable("it was shipped")] = await store().streams(of, signal);
    for await (const { events } of store().pages(stream.name, undefined, signal)) {
      expect(events.map(({ text }) => text)).toEqual([
        `${time} stderr F to stderr`,
        `${time} stdout F {"level":"info","at":1}`,
      ]);
      break;
    }
  });

  it("tells a line that came late, when others of a later time were told already", async () => {
    const of = pod("r5-a0-0");
    standIn.entries.push(entry(of, "main", at(9_000), { textPayload: "later" }));
    const [stream = expect.unreachable("it was shipped")] = await store().streams(of, signal);
    const texts: string[] = [];
    for await (const { events } of store().pages(stream.name, undefined, signal)) {
      texts.push(...events.map(({ text }) => text));
      if (texts.length === 1) standIn.entries.push(entry(of, "main", at(1_000), { textPayload: "late" }));
      if (texts.length === 2) break;
    }
    expect(texts.map((text) => text.replace(/^.* F /, ""))).toEqual(["later", "late"]);
  });

  it("takes an empty page that says where to go on for no end", async () => {
    const of = pod("r6-a0-0");
    standIn.entries.push(entry(of, "main", at(0), { textPayload: "a" }));
    standIn.slow.is = true;
    try {
      expect(await told(store(), of)).toEqual(["a"]);
    } finally {
      standIn.slow.is = false;
    }
  });

  it("says that it cannot be read where it may not be, or there are too many who read", async () => {
    const other = cloudLogging({ google: standIn.client, view: "projects/acme-data", turns });
    await expect(other.streams(place, signal)).rejects.toThrow(/the log store cannot be read/);
    standIn.fail(429, 3);
    await expect(store().streams(place, signal)).rejects.toThrow(/the log store cannot be read/);
  });

  it("asks each time only when it is its turn", async () => {
    let taken = 0;
    await told(store({ turns: async () => void taken++ }));
    const asked = taken;
    expect(asked).toBeGreaterThan(10);
    await expect(
      store({ turns: async () => Promise.reject(new Error("not now")) }).streams(place, signal),
    ).rejects.toThrow("not now");
  });
});
