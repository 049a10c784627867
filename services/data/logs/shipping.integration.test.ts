/**
 * What the shipper sends is what the log provider reads: Telegraf itself, configured as the kit does, on files as a
 * container's runtime writes them, into emulated CloudWatch Logs. Needs the extended part `logs`; no planes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { nodeLogs, taskLogGroup } from "../../../components/logs/contract.ts";
import { offsetsFolder } from "../../../components/logs/settings.ts";
import { shippers } from "../../../components/logs/shippers.ts";
import { type Emulated, startEmulated } from "../../../sandbox/engine/testing/emulated.ts";
import { awsRegion } from "../../../sandbox/hosts.ts";
import { paths } from "../../../sandbox/paths.ts";
import { readyParts } from "../../../sandbox/toolchain/index.ts";
import { needs } from "../../../sandbox/toolchain/testing/needs.ts";
import { ResumePoint } from "../../shared/resume-point.ts";
import { freePort } from "../../shared/testing/free-port.ts";
import { cuttable } from "../../testing/cuttable.ts";
import { cloudWatchLogs } from "./cloudwatch-logs.ts";
import { persisted } from "./persisted.ts";

const built = readyParts(paths()).includes("logs");
const logGroupName = taskLogGroup("acme", "main");
const namespace = "demo-development";
const patient = { timeout: 90_000, interval: 500 };
const start = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
const { signal } = new AbortController();
let world: Emulated;
let config: string;
let logs: string;

beforeAll(async () => {
  if (!built) return;
  world = await startEmulated();
  await (await world.cloud.logs()).createLogGroup({ logGroupName });
  logs = join(world.state, "pods");
  const offsets = join(world.state, "offsets");
  for (const folder of [logs, offsets]) mkdirSync(folder);
  const settings = { logGroup: logGroupName, region: awsRegion, projectNamespaces: [namespace] };
  const [[name = "", text = ""] = []] = Object.entries(shippers.telegraf.files(settings));
  config = join(world.state, name);
  // The node's folders are this test's own.
  writeFileSync(config, text.replaceAll(nodeLogs, logs).replaceAll(offsetsFolder, offsets));
});
afterAll(() => world?.close());

/** Runs the shipper until `done`, and ends it as the kubelet does: it is asked to, and killed if it takes too long. */
async function shipping(done: () => Promise<void>, endpoint = world.endpoint): Promise<void> {
  const program = world.sandbox.tools.bin("telegraf");
  const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
  const env = { ...credentials, ...shippers.telegraf.env, AWS_REGION: awsRegion, AWS_ENDPOINT_URL: endpoint };
  const shipper = spawn(program, shippers.telegraf.args(dirname(config)), { env, stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  for (const stream of [shipper.stdout, shipper.stderr])
    stream.on("data", (text: Buffer) => said.push(text.toString()));
  const ended = once(shipper, "exit");
  try {
    await done();
  } catch (error) {
    throw new Error(`the shipper said: ${said.join("")}`, { cause: error });
  } finally {
    shipper.kill("SIGTERM");
    const late = setTimeout(() => shipper.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(late);
  }
  expect(said.join("")).not.toMatch(/ E! /);
}

function write(pod: string, lines: readonly string[], file = "main/0.log", home = namespace): string {
  const path = join(logs, `${home}_${pod}_4f6d2c1e`, file);
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

/** Nanoseconds as the runtime writes them: without zeros at the end. */
const time = (nano: number) => {
  const fraction = String(nano % 1_000_000_000)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const second = new Date(start + Math.floor(nano / 1_000_000_000) * 1_000).toISOString().slice(0, 19);
  return `${second}${fraction ? `.${fraction}` : ""}Z`;
};

async function told(pod: string): Promise<string[]> {
  const store = cloudWatchLogs({ client: await world.cloud.logs(), logGroupName });
  const streams = await store.streams({ namespace, pod }, signal);
  const options = { store, resume: new ResumePoint(), signal, now: () => Date.now() + 3_600_000 };
  const pause = async () => expect.unreachable("nothing is to be waited for");
  const all: string[] = [];
  for await (const batch of persisted(streams, { ...options, pause })) all.push(...batch.map(({ message }) => message));
  return all;
}

/** By the stream's name: the emulator reads past a prefix. */
async function sent(pod: string): Promise<number> {
  const logStreamNames = [`${namespace}_${pod}_4f6d2c1e/main/0.log`];
  const client = await world.cloud.logs();
  const { events = [] } = await client.filterLogEvents({ logGroupName, logStreamNames, limit: 10_000 });
  return events.length;
}

describe.skipIf(!built)("the shipper", needs("logs"), () => {
  // Many within one millisecond, whose order the store does not know.
  const many = Array.from({ length: 2_000 }, (_, number) => `${time(number * 100_000)} stdout F line ${number}`);
  const odd = ["", "  two spaces ", '"quoted"', "tab\there", "é日本", "\u001b[31mred", "a ' b \\ c", "2026-11-22 x"];

  it("sends every line whole, in a stream that the reader finds, and of the projects' pods only", async () => {
    write("many", many);
    write("odd", [
      ...odd.map((text, at) => `${time(at)} stderr F ${text}`),
      `${time(20)} stdout P ${"x".repeat(16_000)}`,
      `${time(21)} stdout F ${"y".repeat(16_000)}`,
    ]);
    write("other", [`${time(0)} stdout F of the platform`], "main/0.log", "union");
    const numbers = Array.from({ length: 2_000 }, (_, number) => `line ${number}`);
    await shipping(async () => {
      await vi.waitFor(async () => expect(await told("many")).toEqual(numbers), patient);
      await vi.waitFor(async () => {
        expect(await told("odd")).toEqual([...odd, `${"x".repeat(16_000)}${"y".repeat(16_000)}`]);
      }, patient);
    });
    const { logStreams = [] } = await (await world.cloud.logs()).describeLogStreams({ logGroupName });
    expect(logStreams.map(({ logStreamName }) => logStreamName).sort()).toEqual([
      `${namespace}_many_4f6d2c1e/main/0.log`,
      `${namespace}_odd_4f6d2c1e/main/0.log`,
    ]);
  });

  it("sends nothing twice when it is started anew, and goes on where it was", async () => {
    write("many", [`${time(9e9)} stdout F while it was away`]);
    await shipping(async () => {
      await vi.waitFor(async () => expect(await sent("many")).toBe(2_001), patient);
    });
    expect(await sent("many")).toBe(2_001);
    expect((await told("many")).at(-1)).toBe("while it was away");
  });

  it("loses no line over rotations, however close to them it was written", async () => {
    const pods = Array.from({ length: 10 }, (_, number) => `rotated${number}`);
    const lines = ["first", "written last", "after the rename", "in the next file"];
    await shipping(async () => {
      for (const pod of pods) write(pod, [`${time(0)} stdout F ${lines[0]}`]);
      await vi.waitFor(async () => expect(await Promise.all(pods.map(sent))).toEqual(pods.map(() => 1)), patient);
      for (const pod of pods) {
        const file = write(pod, [`${time(1)} stdout F ${lines[1]}`]);
        const old = "main/0.log.20261122-170000";
        renameSync(file, join(dirname(file), "0.log.20261122-170000"));
        write(pod, [`${time(2)} stdout F ${lines[2]}`], old);
        write(pod, [`${time(3)} stdout F ${lines[3]}`]);
      }
      await vi.waitFor(async () => expect(await Promise.all(pods.map(told))).toEqual(pods.map(() => lines)), patient);
    });
  });

  it("waits for a store that is out of reach: no line is lost, none told twice, though it is ended meanwhile", async () => {
    const [there, nobody] = [Number(new URL(world.endpoint).port), await freePort()];
    let inVain: number | undefined;
    const way = await cuttable(() => {
      if (inVain === undefined) return there;
      inVain++;
      return nobody;
    });
    const lines = ["before", "while the store was away", "when the shipper was ended"];
    const untilTold = (count: number) =>
      vi.waitFor(async () => expect(await told("patient")).toEqual(lines.slice(0, count)), patient);
    const awayFor = async (line: number, { tries }: { tries: number }) => {
      inVain = 0;
      way.cut();
      write("patient", [`${time(line)} stdout F ${lines[line]}`]);
      await vi.waitFor(() => expect(inVain).toBeGreaterThanOrEqual(tries), patient);
    };
    try {
      await shipping(async () => {
        write("patient", [`${time(0)} stdout F ${lines[0]}`]);
        await untilTold(1);
        // More often than its client would try by itself.
        await awayFor(1, { tries: 4 });
        inVain = undefined;
        await untilTold(2);
        await awayFor(2, { tries: 1 });
      }, `http://127.0.0.1:${way.port}`);
    } finally {
      way.close();
    }
    await shipping(() => untilTold(3));
  });
});
