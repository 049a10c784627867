import type { V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { pause } from "../../shared/pause.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { openAppLog } from "./app-log.ts";
import type { PodLogs } from "./tail.ts";

const pod = (name: string, phase: string, state: object): V1Pod => ({
  metadata: { name, namespace: "demo-development" },
  spec: { containers: [{ name: "app" }] },
  status: { phase, containerStatuses: [{ name: "app", state, image: "", imageID: "", ready: false, restartCount: 0 }] },
});
const live = pod("live", "Running", { running: {} });
const evicted = pod("evicted", "Failed", { terminated: { exitCode: 137 } });
const over = new AbortController();

const logs: PodLogs = {
  readPod: async ({ pod: name }) => [live, evicted].find(({ metadata }) => metadata?.name === name),
  async *follow({ pod: name }) {
    // Later than whatever has ended already.
    if (name === "live") await pause(50, over.signal);
    yield Buffer.from(`2026-11-22T17:00:00.000000001Z said by ${name}\n`);
  },
};

async function said(replica: string): Promise<string[]> {
  const log = await openAppLog(
    { list: async () => [evicted, live], replica },
    { logs, signal: over.signal, log: recordingLog().log, pause },
  );
  for await (const { lines } of log) return lines.map(({ message }) => message);
  return [];
}

describe("the log of an app", () => {
  it("goes on beside a replica that was evicted and is still listed", async () => {
    expect(await said("")).toEqual(["said by live"]);
  });

  it("is what an evicted replica said, too, for who names it", async () => {
    expect(await said("evicted")).toEqual(["said by evicted"]);
    expect(await codeOf(said("another"))).toBe("NotFound");
  });
});
