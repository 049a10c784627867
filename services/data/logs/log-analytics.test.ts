/** Against a workspace of Log Analytics in memory; it judges no rights. */
import { describe, expect, it } from "vitest";
import { azure } from "../../../shared/azure.ts";
import type { PodPlace } from "./attempt-pod.ts";
import { logAnalytics } from "./log-analytics.ts";
import { type LogRow, logAnalyticsWorkspace } from "./testing/log-analytics.ts";
import { logStoreContract, place, signal, told } from "./testing/log-store-contract.ts";

const workspace = "55555555-5555-4555-8555-555555555555";
const standIn = logAnalyticsWorkspace(workspace);
const turns = async () => {};
const store = (more = {}) => logAnalytics({ azure: standIn.client, workspace, pageEvents: 100, turns, ...more });

function row(
  { namespace, pod }: PodPlace,
  container: string,
  TimeGenerated: string,
  more: Partial<LogRow> = {},
): LogRow {
  const names = { PodNamespace: namespace, PodName: pod, ContainerName: container, ContainerId: `id-of-${container}` };
  return { ...names, TimeGenerated, LogSource: "stdout", LogMessage: "", ...more };
}

logStoreContract({
  store,
  unreachable: () => {
    const nowhere = azure({ env: { AZURE_ENDPOINT_URL: "http://127.0.0.1:9" }, token: async () => "t", backoffMs: 1 });
    return logAnalytics({ azure: nowhere, workspace, turns });
  },
  async ship(of, container, lines, again = []) {
    const made = lines.map(([at, text]) => row(of, container, new Date(at).toISOString(), { LogMessage: text }));
    standIn.rows.push(...made, ...again.flatMap((at) => made[at] ?? []));
  },
});

describe("the log store in Azure Monitor", () => {
  const pod = (name: string) => ({ ...place, pod: name });
  const second = (at: number) => `2026-11-26T12:00:0${at}.0000000Z`;

  it("keeps time as finely as it is known, and the stream", async () => {
    const of = pod("r4-a0-0");
    const time = "2026-11-26T12:00:00.1234567Z";
    standIn.rows.push(row(of, "main", time, { LogMessage: "to stderr\n", LogSource: "stderr" }));
    const [stream = expect.unreachable("it was shipped")] = await store().streams(of, signal);
    for await (const { events } of store().pages(stream.name, undefined, signal)) {
      expect(events.map(({ text }) => text)).toEqual([`${time} stderr F to stderr`]);
      break;
    }
  });

  it("knows apart what a container wrote before and after it began anew", async () => {
    const of = pod("r5-a0-0");
    standIn.rows.push(
      row(of, "main", second(2), { ContainerId: "b", LogMessage: "after" }),
      row(of, "main", second(1), { ContainerId: "a", LogMessage: "before" }),
    );
    const streams = await store().streams(of, signal);
    expect(streams.map(({ container, restart }) => [container, restart])).toEqual([
      ["main", 0],
      ["main", 1],
    ]);
    expect(await told(store(), of)).toEqual(["before", "after"]);
  });

  it("goes on behind more lines of one moment than a page has", async () => {
    const of = pod("r6-a0-0");
    const texts = Array.from({ length: 7 }, (_, at) => `line ${at}`);
    standIn.rows.push(...texts.map((LogMessage) => row(of, "main", second(1), { LogMessage })));
    standIn.rows.push(row(of, "main", second(2), { LogMessage: "later" }));
    expect((await told(store({ pageEvents: 2 }), of)).sort()).toEqual(["later", ...texts].sort());
  });

  it("tells a line that came late, when others of a later time were told already", async () => {
    const of = pod("r7-a0-0");
    standIn.rows.push(row(of, "main", second(9), { LogMessage: "later" }));
    const [stream = expect.unreachable("it was shipped")] = await store().streams(of, signal);
    const texts: string[] = [];
    for await (const { events } of store().pages(stream.name, undefined, signal)) {
      texts.push(...events.map(({ text }) => text.replace(/^.* F /, "")));
      if (texts.length === 1) standIn.rows.push(row(of, "main", second(1), { LogMessage: "late" }));
      if (texts.length === 2) break;
    }
    expect(texts).toEqual(["later", "late"]);
  });

  it("lets no name end the literal that it stands in", async () => {
    const evil = 'x" or PodName != "';
    expect(await store().streams({ namespace: place.namespace, pod: evil }, signal)).toEqual([]);
  });

  it("says that it cannot be read where it may not be, or there are too many who read", async () => {
    const other = logAnalytics({ azure: standIn.client, workspace: "another", turns });
    await expect(other.streams(place, signal)).rejects.toThrow(/the log store cannot be read/);
    standIn.fail(429, 3);
    await expect(store().streams(place, signal)).rejects.toThrow(/the log store cannot be read/);
  });
});
