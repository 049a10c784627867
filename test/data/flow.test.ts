/** Much data through the region's relay, more than its processes may hold: nothing of it stays there. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { accessToken, api } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { environment, here } from "../support/local-run.ts";
import { memoryOf, writtenBy, writtenByProcess } from "../support/processes.ts";
import { runClient } from "../support/runs.ts";
import { keptByRegion, placesHolding } from "../support/written.ts";

const { org, project, domain } = environment;
const mebibyte = 1024 * 1024;
/** Through the region, in all. */
const flowMebibytes = process.env.BIPLANE_LONG ? 1024 : 64;
const marker = `flow-${Date.now().toString(36)}-${"x".repeat(160)}`;
/** About 8 MB: the node turns a container's log over at 10 MiB. */
const lines = 40_000;
const onTheWay = ["gateway", "dataproxy", "relay", "tunnel", "logs"];
// The processes of a given cluster, and its disks, are elsewhere.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");

describe.skipIf(!ours)(`${flowMebibytes} MiB of logs, read again and again`, () => {
  let run: string;
  beforeAll(async () => {
    const args = ["--lines", String(lines), "--marker", marker];
    const { name, result } = await runExample("chatty", "chatty", args, { follow: false });
    expect(result.exitCode, result.stderr).toBe(0);
    run = name;
    await (await runClient()).ended(run);
  });

  it("pass whole, are written to no disk on the way, and leave memory as it was", { timeout: 1_800_000 }, async () => {
    const data = api(DataProxyService, await accessToken());
    const actionId = { name: "a0", run: { org, project, domain, name: run } };
    const readOnce = async () => {
      let [seen, bytes] = [0, 0];
      for await (const { logs } of data.tailLogs({ actionId, attempt: 1 }))
        for (const { message } of logs.flatMap((part) => part.lines)) {
          bytes += message.length;
          if (message.startsWith(marker)) seen += 1;
        }
      expect(seen).toBe(lines);
      return bytes / mebibyte;
    };
    // What a process takes for its first stream it keeps for the next.
    await readOnce();
    const before = { written: writtenBy(onTheWay), memory: memoryOf(onTheWay) };
    for (let passed = 0; passed < flowMebibytes; ) passed += await readOnce();
    const after = { written: writtenBy(onTheWay), memory: memoryOf(onTheWay) };

    expect(Object.keys(before.written).sort()).toEqual([...onTheWay].sort());
    for (const service of onTheWay) {
      const grown = (of: "written" | "memory") => (after[of][service] ?? 0) - (before[of][service] ?? 0);
      expect(grown("written"), `${service} wrote`).toBeLessThan(1);
      expect(grown("memory"), `${service} grew`).toBeLessThan(64);
    }
    const kept = await keptByRegion();
    expect(placesHolding(kept, marker)).toEqual([]);
    // The controls: a write is seen, and so is what the database does hold of the run.
    expect(seenToWrite(2)).toBeGreaterThanOrEqual(2);
    expect(placesHolding(kept, run).some((place) => place.startsWith("database"))).toBe(true);
  });
});

/** @returns MiB that this process is seen to have written when it writes so many. */
function seenToWrite(mebibytes: number): number {
  const folder = mkdtempSync(join(here.state, "flow-"));
  const before = writtenByProcess(process.pid);
  writeFileSync(join(folder, "written"), Buffer.alloc(mebibytes * mebibyte, "x"), { flush: true });
  const seen = writtenByProcess(process.pid) - before;
  rmSync(folder, { recursive: true });
  return seen;
}
