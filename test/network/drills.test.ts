/** What breaks between the planes, and what is right in the end: every state, in order, once; every line; every refusal. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request as openRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { ports } from "../../sandbox/cloud/addresses.ts";
import { accessToken, api } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment } from "../support/local-run.ts";
import { gapsAndDoubles, numbersIn, recordProblems } from "../support/order.ts";
import { killHard, objectStoreDown, ready, regionUnreachable } from "../support/outage.ts";
import { runClient } from "../support/runs.ts";

const { proves } = evidenceFor("network/drills");
const { org, project, domain } = environment;
const long = process.env.BIPLANE_LONG === "1";
const drillMs = long ? 900_000 : 180_000;
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");
/** The phases of an action that the executor has, and has not ended. */
const inCluster = [ActionPhase.WAITING_FOR_RESOURCES, ActionPhase.INITIALIZING, ActionPhase.RUNNING];
/** What a client takes for "try again". */
const passing = [Code.Unavailable, Code.FailedPrecondition, Code.Internal, Code.DeadlineExceeded, Code.Canceled];

/** Asks for an upload link ten times a second. `outcomes` grows: "ok", or the code of the refusal. */
async function askingForLinks() {
  const data = api(DataProxyService, await accessToken());
  const outcomes: ("ok" | Code)[] = [];
  const request = { org, project, domain, filename: "drill.bin", contentMd5: new Uint8Array(16) };
  const stop = new AbortController();
  const ask = async () => {
    while (!stop.signal.aborted) {
      await data.createUploadLocation(request, { timeoutMs: 5_000 }).then(
        () => outcomes.push("ok"),
        (error: unknown) => outcomes.push(ConnectError.from(error).code),
      );
      await sleep(100);
    }
  };
  const asking = ask();
  return {
    outcomes,
    async stop() {
      stop.abort();
      await asking;
    },
  };
}

/** Begins an upload by a presigned URL, a piece every half second. `finish` sends the rest. @returns the store's answer */
async function uploadingSlowly() {
  const body = randomBytes(4 * 1024 * 1024);
  const contentMd5 = createHash("md5").update(body).digest();
  const place = { org, project, domain, filename: "slow.bin", contentMd5 };
  const { signedUrl, headers } = await api(DataProxyService, await accessToken()).createUploadLocation(place);
  const ca = readFileSync(environment.caFile);
  const length = { "content-length": String(body.length), "content-md5": contentMd5.toString("base64") };
  const sent = openRequest(signedUrl, { method: "PUT", headers: { ...headers, ...length }, ca });
  const answered = once(sent, "response").then(([answer]: { statusCode?: number; resume(): void }[]) => {
    answer?.resume();
    return answer?.statusCode;
  });
  // Awaited at the end of the drill; a failure before is no stray rejection.
  answered.catch(() => undefined);
  const piece = 32 * 1024;
  let from = 0;
  const sending = setInterval(() => {
    if (from + piece >= body.length) return;
    sent.write(body.subarray(from, from + piece));
    from += piece;
  }, 500);
  return {
    sent: () => from,
    finish() {
      clearInterval(sending);
      sent.end(body.subarray(from));
      return answered;
    },
  };
}

/** @returns the stream's text so far, as it grows, until the action's log has ended, and why it ended too early. */
async function following(run: string) {
  const actionId = { name: "a0", run: { org, project, domain, name: run } };
  const data = api(DataProxyService, await accessToken());
  const log: { text: string; ended: Promise<void>; failed?: unknown } = { text: "", ended: Promise.resolve() };
  const follow = async () => {
    for (let tries = 0; ; tries++) {
      try {
        for await (const { logs } of data.tailLogs({ actionId, attempt: 1 }))
          log.text += logs.flatMap(({ lines }) => lines.map(({ message }) => `${message}\n`)).join("");
        return;
      } catch (error) {
        // As the real client does: a pod that is not there yet.
        if (ConnectError.from(error).code !== Code.NotFound || tries > 30) throw error;
        await sleep(1_000);
      }
    }
  };
  log.ended = follow();
  // Awaited at the end of the drill; whoever waits for more of it is told before.
  log.ended.catch((error: unknown) => {
    log.failed = error;
  });
  return log;
}

/** How many lines have come. @throws once there will be no more because the stream has failed */
function linesOf(log: Awaited<ReturnType<typeof following>>): number {
  if (log.failed !== undefined) throw log.failed;
  return numbersIn(log.text, "entry").length;
}

async function until(check: () => boolean, withinMs = 90_000): Promise<void> {
  for (const end = Date.now() + withinMs; !check(); await sleep(100))
    if (Date.now() > end) throw new Error("did not come about in time");
}

const chatty = (lines: number, pauseSeconds: number) =>
  runExample(
    "chatty",
    "chatty",
    ["--lines", String(lines), "--pause_every", "5", "--pause_seconds", String(pauseSeconds), "--marker", "entry"],
    { follow: false },
  );

describe.skipIf(!ours)("between the planes", () => {
  it("a relay and a tunnel that are killed take no line from a log, no byte from an upload, and no state", async () => {
    proves(
      ["relay-stateless", "net-tunnel-bidirectional-authenticated"],
      "a line taken out is missed by the same comparison",
    );
    // A minute of lines: both are to be killed, and back, before it is over.
    const lines = 300;
    const { name, result } = await chatty(lines, 1);
    expect(result.exitCode, result.stderr).toBe(0);
    const log = await following(name);
    const links = await askingForLinks();
    const upload = await uploadingSlowly();
    await until(() => linesOf(log) >= 20);
    expect(upload.sent()).toBeGreaterThan(0);
    for (const [service, plane] of [
      ["relay", "region"],
      ["tunnel", "customer"],
    ] as const) {
      expect(killHard(service)).toBe(1);
      await ready(plane, service);
      const told = linesOf(log);
      await until(() => linesOf(log) > Math.min(told, lines - 1));
    }
    // The store compares what came with the digest that was signed.
    expect(await upload.finish()).toBe(200);
    await log.ended;
    await links.stop();
    const numbers = numbersIn(log.text, "entry");
    expect(gapsAndDoubles(numbers, lines)).toEqual([]);
    expect(gapsAndDoubles(numbers.toSpliced(75, 1), lines)).not.toEqual([]);
    expect(recordProblems(await (await runClient()).ended(name))).toEqual([]);
    expect(links.outcomes.filter((outcome) => outcome !== "ok" && !passing.includes(outcome))).toEqual([]);
    expect(links.outcomes.at(-1)).toBe("ok");
  });

  it(
    "a region that cannot be reached while actions run: they finish, and their states arrive in order, once",
    async () => {
      proves(
        [
          "dp-inflight-survives-cp-outage",
          "dp-state-reconciles-on-reconnect",
          "exec-inflight-survive-disconnect",
          "tunnel-auto-reconnect",
        ],
        "while it is cut off, the region still has them as running",
      );
      const [count, cutSeconds, pauseSeconds] = long ? [50, 120, 15] : [3, 20, 1.5];
      const first = await chatty(40, pauseSeconds);
      const firstEndsAt = Date.now() + 8 * pauseSeconds * 1_000;
      expect(first.result.exitCode, first.result.stderr).toBe(0);
      const runs = await runClient();
      const names = [first.name, ...(await runs.again(first.name, count - 1))];
      // Of many pods on one node the last runs long after the first has ended: they need only be with the executor.
      await untilIn(names, inCluster);
      const reachable = await regionUnreachable();
      const cutAt = Date.now();
      try {
        await sleep(Math.max(cutSeconds * 1_000, firstEndsAt + 15_000 - Date.now()));
        const seen = await Promise.all(names.map(async (name) => (await runs.details(name))?.status?.phase));
        expect(seen).not.toContain(ActionPhase.SUCCEEDED);
      } finally {
        await reachable();
      }
      const backAt = Date.now();
      const ends = [];
      for (const name of names) {
        const details = await runs.ended(name, "a0", drillMs / 2);
        expect(recordProblems(details), name).toEqual([]);
        ends.push(Number(details.status?.endTime?.seconds ?? 0n) * 1_000);
      }
      // Some ended while nobody could hear of it, and are told with the time at which they did.
      expect(ends.filter((end) => end > cutAt && end < backAt - 1_000).length).toBeGreaterThan(0);
    },
    drillMs,
  );

  it("an object store that is away: signing goes on, reading says so, and what runs ends well", async () => {
    const { name, result } = await chatty(30, 1);
    expect(result.exitCode, result.stderr).toBe(0);
    await untilIn([name], [ActionPhase.RUNNING]);
    const data = api(DataProxyService, await accessToken());
    const actionId = { name: "a0", run: { org, project, domain, name } };
    const back = await objectStoreDown(ports.objects);
    try {
      const until = Date.now() + (long ? 30_000 : 12_000);
      const request = { org, project, domain, filename: "drill.bin", contentMd5: new Uint8Array(16) };
      while (Date.now() < until) {
        expect((await data.createUploadLocation(request)).signedUrl).toMatch(/^https:/);
        await expect(data.getActionData({ actionId })).rejects.toMatchObject({ code: Code.Unavailable });
        await sleep(1_000);
      }
    } finally {
      await back();
    }
    // The longer it is away, the likelier the task itself gives up; that is not held against it.
    expect(recordProblems(await (await runClient()).ended(name), 1)).toEqual([]);
    expect((await data.getActionData({ actionId })).outputs?.literals).toHaveLength(1);
  });
});

/** Waits until each is in one of the phases, all at the same time. @throws for one that ends before */
async function untilIn(names: string[], phases: readonly ActionPhase[]): Promise<void> {
  const runs = await runClient();
  const phaseOf = async (name: string) => (await runs.details(name))?.status?.phase ?? ActionPhase.UNSPECIFIED;
  for (const end = Date.now() + drillMs / 2; ; await sleep(500)) {
    const seen = await Promise.all(names.map(async (name) => ({ name, phase: await phaseOf(name) })));
    const waited = seen.filter(({ phase }) => !phases.includes(phase));
    const [first] = waited.toSorted((a, b) => b.phase - a.phase);
    if (!first) return;
    if (Date.now() > end || first.phase > ActionPhase.RUNNING)
      throw new Error(`${waited.length} not yet there; ${first.name} is ${ActionPhase[first.phase]}`);
  }
}
