/** Two processes of the export itself, killed again and again while records come: none is lost and none comes twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { DatabaseConfig } from "../../shared/config.ts";
import { freePort } from "../../shared/testing/free-port.ts";
import { sharedPostgres } from "../../shared/testing/shared-postgres.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";
import { databaseSink } from "./records.ts";
import { idsOf } from "./testing/kept-objects.ts";
import { slowBucket } from "./testing/slow-bucket.ts";

const orgs = ["acme", "globex", "initech"];
const total = 300;
const kills = 6;

it("every record is in one object, whichever process dies in its midst", { timeout: 150_000 }, async () => {
  const postgres = sharedPostgres();
  await using store = await openTestStore(postgres);
  await using bucket = await slowBucket();
  const folder = mkdtempSync(join(tmpdir(), "biplane-audit-"));
  const config = postgres.exporterOf(store.config);
  const start = () => startProcess(config, bucket.url, folder);
  const pair: ChildProcess[] = [];
  const inBucket = () => [...bucket.objects.values()].flatMap(idsOf);
  try {
    pair.push(await start(), await start());
    const giveUpAt = Date.now() + 120_000;
    for (let killed = 0; killed < kills; killed++) {
      await record(store, total / kills);
      const seen = bucket.objects.size;
      // In the midst of it: the first object of these records is there.
      while (bucket.objects.size === seen && Date.now() < giveUpAt) await sleep(5);
      pair[killed % 2]?.kill("SIGKILL");
      pair[killed % 2] = await start();
    }
    while (inBucket().length < total && Date.now() < giveUpAt) await sleep(50);
    // Whoever would put a record a second time does so in its next rounds.
    await sleep(2_500);
    expect(inBucket().toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, at) => at + 1));
    expect(bucket.wrong).toEqual([]);
  } finally {
    for (const child of pair) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  }
});

async function record(store: TestStore, count: number): Promise<void> {
  const keep = databaseSink(store.database);
  const entry = { operation: "a.B/C", resource: "p/d/n", decision: "allowed" as const, reason: "" };
  const one = (at: number) => {
    const org = orgs[at % orgs.length] ?? "";
    return keep({ org, subject: "ann", kind: "user", role: "admin", token: "" }, { ...entry, requestId: `r${at}` });
  };
  await Promise.all(Array.from({ length: count }, (_, at) => one(at)));
}

/** The service as it is deployed, with small batches, and a key where a pod has its projected token. */
async function startProcess(config: DatabaseConfig, endpoint: string, folder: string): Promise<ChildProcess> {
  const file = (name: string, content = "") => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const env = {
    ...{ PORT: String(await freePort()), HEALTH_PORT: String(await freePort()), LOG_LEVEL: "error" },
    ...{ DATABASE_HOST: config.DATABASE_HOST, DATABASE_PORT: String(config.DATABASE_PORT) },
    ...{ DATABASE_NAME: config.DATABASE_NAME, DATABASE_USER: config.DATABASE_USER },
    DATABASE_PASSWORD_FILE: file("password", config.DATABASE_PASSWORD_FILE),
    DATABASE_CA_FILE: file("ca.crt", config.DATABASE_CA_FILE),
    ...{ AUDIT_BUCKET: "records-of-tests", EXPORT_WAIT_SECONDS: "0", EXPORT_BATCH_RECORDS: "10" },
    ...{ AWS_REGION: "us-east-2", AWS_ENDPOINT_URL: endpoint },
    ...{ AWS_ACCESS_KEY_ID: "of-tests", AWS_SECRET_ACCESS_KEY: "of-tests" },
  };
  const main = join(import.meta.dirname, "main.ts");
  return spawn(process.execPath, [main], { env, stdio: ["ignore", "ignore", "inherit"] });
}
