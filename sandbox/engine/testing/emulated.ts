/** A state folder and an emulated account of a test's own, so that the engine can be tested without the planes. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../services/shared/testing/free-port.ts";
import { type ServedKeeper, serveKeeper } from "../../cloud/keeper/serve.ts";
import type { Sandbox, Toolchain } from "../../context.ts";
import { accounts, awsRegion } from "../../hosts.ts";
import { paths } from "../../paths.ts";
import { type Backing, type Cloud, openCloud } from "../../providers/aws/cloud.ts";
import { awsPackage } from "../../providers/aws/index.ts";
import { type Providers, serveAll } from "../../providers/index.ts";
import { randomPackage } from "../../providers/random/index.ts";
import { tlsPackage } from "../../providers/tls/index.ts";
import { locateToolchain } from "../../toolchain/index.ts";

export interface Emulated {
  state: string;
  endpoint: string;
  sandbox: Sandbox;
  /** The account behind the providers, for looking at it and for changing it behind their back. */
  cloud: Cloud;
  providers(): Promise<Providers>;
  close(): Promise<void>;
}

/** @param backing what is to stand beside the emulator; without one a database is refused */
export async function startEmulated(backing: Partial<Backing> = {}): Promise<Emulated> {
  const state = mkdtempSync(join(tmpdir(), "biplane-engine-"));
  const tools = toolchain();
  const emulator = await startEmulator(state, tools, [accounts.customer]);
  return {
    ...attach(state, emulator.endpoint(accounts.customer), tools, backing),
    async close() {
      emulator.close();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** The emulator alone. @param accountIds each gets an endpoint of its own */
export async function startEmulator(
  state: string,
  tools: Toolchain,
  accountIds: readonly string[],
): Promise<ServedKeeper> {
  const port = await freePort();
  const { MOTO_ACCOUNT_ID: _, ...environment } = process.env;
  const env = { ...environment, MOTO_IAM_LOAD_MANAGED_POLICIES: "true", S3_IGNORE_SUBDOMAIN_BUCKETNAME: "true" };
  const args = ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)];
  const emulator = spawn(tools.python.cloud, args, { env, stdio: "ignore" });
  await answering(`http://127.0.0.1:${port}`);
  const { endpoint, close } = await serveKeeper(accountIds, port, join(state, "kept.json"));
  return {
    endpoint,
    close() {
      close();
      emulator.kill("SIGKILL");
    },
  };
}

/** The same from another process: one that is to be killed. */
export function attach(state: string, endpoint: string, tools = toolchain(), backing: Partial<Backing> = {}) {
  const own = paths({ ...process.env, BIPLANE_STATE: state });
  const cloud = openCloud(accounts.customer, {
    connection: async () => connectionTo(endpoint),
    node: async () => ({
      endpoint: "https://198.18.0.20:6443",
      certificateAuthorityData: "Y2E=",
      issuer: "https://oidc-customer.biplane.test",
    }),
    databaseAdmin: async () => {
      throw new Error("this test has no database server");
    },
    ...backing,
  });
  const sandbox: Sandbox = { paths: own, tools, progress: () => {} };
  const providers = () => serveAll([awsPackage(cloud), randomPackage(), tlsPackage()]);
  return { state, endpoint, sandbox, cloud, providers };
}

/** What an SDK client of an emulated account is made with; the emulator checks no signature. */
export function connectionTo(endpoint: string) {
  return { region: awsRegion, endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
}

/** BIPLANE_TEST_TOOLS names a folder of programs to use in place of the toolchain in the cache. */
export function toolchain(): Toolchain {
  const folder = process.env.BIPLANE_TEST_TOOLS;
  if (!folder) return locateToolchain(paths());
  return {
    bin: (name) => (existsSync(join(folder, "bin", name)) ? join(folder, "bin", name) : name),
    python: { client: join(folder, "py-client/bin/python"), cloud: join(folder, "py-cloud/bin/python") },
  };
}

async function answering(endpoint: string): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 200) {
    const answer = await fetch(`${endpoint}/moto-api/data.json`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(200);
  }
  throw new Error(`the emulator at ${endpoint} does not answer`);
}
