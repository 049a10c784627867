/** The real client on both sides of a condition, over TLS: the controller of a task's pod asks, `flyte` answers. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { paths } from "../../../sandbox/paths.ts";
import { ensureAuthority, ensureLeaf } from "../../../sandbox/pki.ts";
import { locateToolchain } from "../../../sandbox/toolchain/index.ts";
import { proxy } from "../../shared/proxy.ts";
import type { Rounds } from "../../shared/rounds.ts";
import { type Server, startServer } from "../../shared/server.ts";
import { freePort } from "../../shared/testing/free-port.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { startTestPostgres, type TestPostgres } from "../../shared/testing/postgres.ts";
import { type RegionWorld, startRegionWorld } from "../../testing/region-world.ts";
import { startTimeouts } from "./timeouts.ts";

const { log } = recordingLog("test");
const children: ChildProcess[] = [];
let folder: string;
let python: string;
let caFile: string;
let host: string;
let postgres: TestPostgres;
let world: RegionWorld;
let timeouts: Rounds;
let edge: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "biplane-asking-client-"));
  python = locateToolchain(paths()).python.client;
  const pki = paths({ BIPLANE_STATE: folder });
  caFile = (await ensureAuthority(pki)).certificate;
  const leaf = await ensureLeaf(pki, { name: "edge", dns: ["localhost"] });
  const port = await freePort();
  host = `localhost:${port}`;
  postgres = await startTestPostgres();
  world = await startRegionWorld({ issuer: `https://${host}`, postgres });
  timeouts = startTimeouts({ database: world.store.database, log });
  edge = await startServer({
    port,
    log,
    tls: { cert: readFileSync(leaf.certificate), key: readFileSync(leaf.key) },
    handler: (request, response) =>
      proxy(request, response, {
        ...{ to: world.sessions, headers: { "cf-connecting-ip": "192.0.2.7" } },
        ...{ lost: "the gateway cannot be reached", log },
      }),
  });
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await edge.close(100);
  await timeouts.close();
  await world.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true });
});

function start(program: string, args: string[], more: Record<string, string>) {
  const env = {
    ...{ PATH: `${dirname(python)}:${process.env.PATH}`, HOME: folder, LANG: "C.UTF-8", SSL_CERT_FILE: caFile },
    ...{ DO_NOT_TRACK: "1", NO_COLOR: "1", COLUMNS: "200", PYTHON_KEYRING_BACKEND: "keyring.backends.null.Keyring" },
    ...more,
  };
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env });
  children.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      said += part;
    });
  }
  return { child, said: () => said, ended: once(child, "close") };
}

/** A pod of the task that asks, as it is and as it is started again. */
function pod() {
  const env = { TASKS_SECRET: world.secretOf("acme-tasks"), _U_USE_ACTIONS: "1" };
  return start(python, [join(import.meta.dirname, "testing/asks.py"), host, "hello"], env);
}

async function person(...args: string[]): Promise<string> {
  const config = join(folder, "config.yaml");
  const admin = { endpoint: `dns:///${host}`, authType: "ClientSecret", clientId: "acme-contributor" };
  writeFileSync(
    config,
    JSON.stringify({
      admin: { ...admin, clientSecretEnvVar: "PERSON_SECRET" },
      task: { org: "acme", project: "demo", domain: "development" },
    }),
  );
  const flyte = start(join(dirname(python), "flyte"), ["--config", config, "--no-progress", ...args], {
    PERSON_SECRET: world.secretOf("acme-contributor"),
  });
  await flyte.ended;
  return flyte.said();
}

async function eventually<T>(look: () => Promise<T | undefined> | T | undefined, said: () => string): Promise<T> {
  for (const until = Date.now() + 120_000; Date.now() < until; await sleep(200)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`nothing came; the client said: ${said()}`);
}

it("an answer reaches the task that asked, also where its pod was started again while it waited", async () => {
  const headers = { authorization: `Bearer ${await world.signIn("acme-admin")}` };
  const runs = createClient(RunService, world.transport);
  const runId = { org: "acme", project: "demo", domain: "development", name: "hello" };
  const standing = async (name: string, phase: ActionPhase) => {
    const { actions } = await runs.listActions({ runId }, { headers });
    const found = actions.find(({ metadata }) => metadata?.funtionName === name);
    return found?.status?.phase === phase ? found.id?.name : undefined;
  };

  const first = pod();
  const action = await eventually(() => standing("release", ActionPhase.PAUSED), first.said);
  await eventually(() => standing("impatient", ActionPhase.TIMED_OUT), first.said);
  first.child.kill("SIGKILL");
  await first.ended;

  const second = pod();
  // Told by the watch, so from here on the watch stands.
  await eventually(() => (/NOBODY ANSWERED/.test(second.said()) ? true : undefined), second.said);
  expect(await person("get", "condition", "hello")).toMatch(
    new RegExp(`release[^\\n]*${action}|${action}[^\\n]*release`),
  );
  expect(await person("signal", "condition", "hello", action, "the first ring")).toMatch(/has been signaled/);
  await eventually(() => (/GOT/.test(second.said()) ? true : undefined), second.said);
  expect(second.said()).toContain('GOT "the first ring"');
  expect(await person("signal", "condition", "hello", action, "the second ring")).toMatch(
    /has been given another answer/,
  );
});
