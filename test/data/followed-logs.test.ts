/** Logs of real pods through both planes: long ones by the real client, slow readers, and a way that breaks meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { beforeAll, describe, expect, it } from "vitest";
import { LogService } from "../../gen/biplane/logs/v1/logs_pb.js";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { flyte } from "../../sandbox/client.ts";
import { accessToken, api } from "../support/api.ts";
import { beside } from "../support/beside.ts";
import { runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment, here } from "../support/local-run.ts";
import { gapsAndDoubles, numbersIn } from "../support/order.ts";
import { memoryOf } from "../support/processes.ts";
import { statedOf } from "../support/statement.ts";

const { proves } = evidenceFor("data/followed-logs");
const { org, project, domain } = environment;
const many = 50_000;
// The processes of a given cluster, and its network, are elsewhere.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");

describe("a log of 50,000 lines", () => {
  let run: string;
  let followed: string;

  beforeAll(async () => {
    const lines = ["--lines", String(many), "--marker", "entry"];
    const { name, result } = await runExample("chatty", "chatty", lines, { follow: false });
    expect(result.exitCode, result.stderr).toBe(0);
    run = name;
    // `run --follow` shows the last lines in a box; this prints them all, and follows until the action has ended.
    const told = await flyte(here, environment, ["--no-progress", "get", "logs", run]);
    expect(told.exitCode, told.stderr.slice(-2_000)).toBe(0);
    followed = told.stdout;
  });

  it("is followed by the real client to its last line, each once and in order", () => {
    proves(["logs-live-from-k8s-api"], "a line that is taken out of what came is missed by the same comparison");
    const numbers = numbersIn(followed, "entry");
    expect(gapsAndDoubles(numbers, many)).toEqual([]);
    expect(gapsAndDoubles(numbers.toSpliced(many / 2, 1), many)).not.toEqual([]);
  });

  it("waits for a reader who does not read, in memory that stays flat", async () => {
    const token = await accessToken();
    const actionId = { name: "a0", run: { org, project, domain, name: run } };
    const stream = api(DataProxyService, token).tailLogs({ actionId, attempt: 1 })[Symbol.asyncIterator]();
    const before = memory();
    const lines: string[] = [];
    const take = async () => {
      const next = await stream.next();
      if (next.done) return false;
      lines.push(...next.value.logs.flatMap((each) => each.lines.map(({ message }) => message)));
      return true;
    };
    await take();
    await sleep(5_000);
    const waiting = memory();
    while (await take());
    const after = memory();
    expect(gapsAndDoubles(numbersIn(lines.join("\n"), "entry"), many)).toEqual([]);
    if (!ours) return;
    // In MiB, of the four processes on the way together.
    expect(Object.keys(before).length).toBe(4);
    expect(sum(waiting) - sum(before), JSON.stringify({ before, waiting })).toBeLessThan(64);
    expect(sum(after) - sum(before), JSON.stringify({ before, after })).toBeLessThan(96);
  });

  it.skipIf(!ours)(
    "is resumed by time and told by container and attempt, with a time and an origin for each line",
    async () => {
      proves(["logs-structured-origin"], "an attempt that never was has no log");
      const { transport, close } = await beside("customer", "logs");
      const logs = createClient(LogService, transport);
      const stated = await statedOf(await accessToken());
      const read = async (more: object) => {
        const all = [];
        const headers = await stated.headers();
        const request = { org, project, domain, run, action: "a0", attempt: 1, ...more };
        for await (const { lines } of logs.tailLogs(request, { headers })) all.push(...lines);
        return all;
      };
      const whole = await read({});
      const since = whole.at(-1)?.timestamp;
      if (!since) throw new Error("a line without a time");
      const rest = await read({ since });
      // Kubernetes takes whole seconds, and one second may hold all of the log.
      expect(rest).toEqual(whole.filter(({ timestamp }) => (timestamp?.seconds ?? 0n) >= since.seconds));
      expect(await read({ since: { seconds: since.seconds + 1n, nanos: 0 } })).toEqual([]);
      expect(whole.every(({ timestamp, originator }) => timestamp && originator > 0)).toBe(true);
      await expect(read({ container: "other" })).rejects.toThrow(/not_found/);
      await expect(read({ attempt: 2 })).rejects.toThrow(/not_found/);
      close();
      stated.close();
    },
  );
});

const memory = () => memoryOf(["dataproxy", "relay", "tunnel", "logs"]);
const sum = (of: Record<string, number>) => Object.values(of).reduce((all, each) => all + each, 0);
