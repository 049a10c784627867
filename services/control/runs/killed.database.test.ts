/** Two processes of the service itself, killed again and again while much is due: nothing is fired twice, nothing is lost. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { sha256 } from "../../shared/bootstrap.ts";
import type { DatabaseConfig } from "../../shared/config.ts";
import { freePort } from "../../shared/testing/free-port.ts";
import { serveInProcess } from "../actions/testing/in-process.ts";
import { applicationStore } from "../identity/applications.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { deployTask, nightly } from "./testing/triggers.ts";

const due = 300;
/** After so many more runs one of the two is killed. */
const killEvery = 60;
const nowhere = "http://127.0.0.1:1";

it("every time starts one run, whichever process dies in its midst", { timeout: 150_000 }, async () => {
  await using store = await openTestStore();
  const folder = mkdtempSync(join(tmpdir(), "biplane-killed-"));
  const pair: ChildProcess[] = [];
  try {
    await prepare(store);
    pair.push(await start(store.config, folder), await start(store.config, folder));
    let kills = 0;
    let seen = 0;
    const giveUpAt = Date.now() + 120_000;
    for (let runs = 0; runs < due && Date.now() < giveUpAt; runs = (await counts(store)).runs) {
      if (runs >= seen + killEvery) {
        seen = runs;
        pair[kills % 2]?.kill("SIGKILL");
        pair[kills % 2] = await start(store.config, folder);
        kills += 1;
      }
      await sleep(50);
    }
    // Whoever would fire a time again does so in its next rounds.
    await sleep(2_500);
    const { allowed, ...rest } = await counts(store);
    expect(rest).toEqual({ runs: due, times: due, fires: due });
    // Recorded before it is made: a process that is killed in between leaves a record, never a run without one.
    expect(allowed).toBeGreaterThanOrEqual(due);
    expect(allowed).toBeLessThanOrEqual(due + kills);
    expect(kills).toBeGreaterThanOrEqual(3);
  } finally {
    for (const child of pair) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  }
});

async function prepare(store: TestStore): Promise<void> {
  const secretSha256 = sha256("secret").toString("hex");
  const author = { org: "acme", clientId: "someone", secretSha256, role: "contributor" as const, places: [] };
  await applicationStore(store.database).bootstrap([author]);
  const served = await serveInProcess(store);
  const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
  for (let task = 0; task < due / names.length; task++) {
    await deployTask(
      served,
      `env.killed${task}`,
      "v1",
      names.map((name) => nightly(name)),
    );
  }
  const past = new Date("2026-01-01T02:00Z");
  await store.database.withOrg("acme", async (transaction) => {
    await transaction.query("update biplane.triggers set due_at = $1 where org = 'acme'", [past]);
    await transaction.query("update biplane.trigger_orgs set due_at = $1 where org = 'acme'", [past]);
  });
}

/** The service as it is deployed, but that nobody calls it: what it would call is not there. */
async function start(config: DatabaseConfig, folder: string): Promise<ChildProcess> {
  const file = (name: string, content = "") => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const env = {
    ...{ PORT: String(await freePort()), HEALTH_PORT: String(await freePort()), LOG_LEVEL: "error" },
    ...{ TOKEN_ISSUER: "https://region.biplane.test", TOKEN_KEYS_URL: `${nowhere}/keys` },
    ...{ IDENTITY_URL: nowhere, DATAPROXY_URL: nowhere },
    ...{ DATABASE_HOST: config.DATABASE_HOST, DATABASE_PORT: String(config.DATABASE_PORT) },
    ...{ DATABASE_NAME: config.DATABASE_NAME, DATABASE_USER: config.DATABASE_USER },
    DATABASE_PASSWORD_FILE: file("password", config.DATABASE_PASSWORD_FILE),
    DATABASE_CA_FILE: file("ca.crt", config.DATABASE_CA_FILE),
  };
  const main = join(import.meta.dirname, "main.ts");
  return spawn(process.execPath, [main], { env, stdio: ["ignore", "ignore", "inherit"] });
}

async function counts(store: TestStore) {
  const [found] = await store.database.withOrg("acme", (transaction) =>
    transaction.query<{ runs: number; times: number; fires: number; allowed: number }>(
      `select (select count(*)::integer from biplane.runs where org = 'acme') as runs,
         (select count(distinct (trigger_task, trigger_name, start_time))::integer from biplane.runs
            where org = 'acme') as times,
         (select count(*)::integer from biplane.trigger_fires where org = 'acme' and outcome = 'run') as fires,
         (select count(*)::integer from biplane.audit_records
            where org = 'acme' and subject = 'someone' and decision = 'allowed' and operation like '%/CreateRun') as allowed`,
    ),
  );
  if (!found) throw new Error("nothing was counted");
  return found;
}
