/** An app's whole life by the real client: deployed, reached, asleep, woken, of a new version, stopped and deleted. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, describe, expect, it, vi } from "vitest";
import { Status_DeploymentStatus as Status } from "../../gen/flyteidl2/app/app_definition_pb.js";
import { AppService } from "../../gen/flyteidl2/app/app_service_pb.js";
import { network } from "../../sandbox/hosts.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { accessToken, api } from "../support/api.ts";
import { appNamespace, deployApp, gatewayAddress, hostOf, place, replicasOf, served } from "../support/apps.ts";
import { flyteSays } from "../support/client.ts";
import { kubectl } from "../support/kubectl.ts";
import { environment } from "../support/local-run.ts";

const { org, project, domain } = environment;
const name = `app-${randomBytes(4).toString("hex")}`;
const host = hostOf(name);
const minuteMs = 60_000;
const patience = { timeout: 3 * minuteMs, interval: 500 };

/** Of the customer's node, whose own network reaches Services: the gate's part, without asking who it is. */
async function ask(path = "/", headers: string[] = []): Promise<{ status: number; body: string; ms: number }> {
  const began = performance.now();
  address ??= gatewayAddress();
  const named = ["--header", `Host: ${host}`, ...headers.flatMap((header) => ["--header", header])];
  const { stdout } = await execa("nsenter", [
    `--net=/run/netns/${network.hosts.customer.namespace}`,
    ...[
      "curl",
      "--silent",
      "--max-time",
      "60",
      "--write-out",
      "\n%{http_code}",
      ...named,
      `http://${await address}${path}`,
    ],
  ]);
  const at = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at), ms: performance.now() - began };
}

let address: Promise<string> | undefined;
const deploy = (version: string) => deployApp(name, version);
async function statusNow() {
  const { app } = await api(AppService, await accessToken()).get({
    identifier: { case: "appId", value: { org, project, domain, name } },
  });
  return app?.status?.conditions.at(-1)?.deploymentStatus;
}
const becomes = (status: Status) => vi.waitFor(async () => expect(await statusNow()).toBe(status), patience);

describe.skipIf(!served)("an app that is deployed by the client", needs("apps"), () => {
  afterAll(async () => {
    await kubectl(
      "customer",
      "delete",
      "services.serving.knative.dev",
      name,
      "--namespace",
      appNamespace,
      "--ignore-not-found",
    );
  });

  it("becomes active, and answers by its host, however the caller names the revision", {
    timeout: 6 * minuteMs,
  }, async () => {
    await deploy("1");
    await becomes(Status.ACTIVE);
    expect(await ask()).toMatchObject({ status: 200, body: `version 1 for ${host}\n` });
    const forged = await ask("/", ["Knative-Serving-Revision: another-00001", "Knative-Serving-Namespace: other"]);
    expect(forged).toMatchObject({ status: 200, body: `version 1 for ${host}\n` });
    expect(await ask("/stream")).toMatchObject({ status: 200, body: "part 0\npart 1\npart 2\n" });
  });

  it("has no pod while nobody asks, and is woken by the first who does", { timeout: 6 * minuteMs }, async () => {
    const warm = Math.min(...[await ask(), await ask(), await ask()].map(({ ms }) => ms));
    await vi.waitFor(async () => expect(await replicasOf(name)).toBe("0"), patience);
    const cold = await ask();
    expect(cold).toMatchObject({ status: 200, body: `version 1 for ${host}\n` });
    process.stderr.write(
      `an app from zero: ${Math.round(cold.ms)} ms, ${Math.round(cold.ms / warm)} times a warm call\n`,
    );
    expect(cold.ms).toBeLessThan(minuteMs);
  });

  it("is replaced by another version without one failed request", { timeout: 6 * minuteMs }, async () => {
    const seen: { status: number; body: string }[] = [];
    let over = false;
    const asking = (async () => {
      while (!over) {
        seen.push(await ask());
        await sleep(50);
      }
    })();
    try {
      await deploy("2");
      await vi.waitFor(() => expect(seen.at(-1)?.body).toBe(`version 2 for ${host}\n`), patience);
    } finally {
      over = true;
      await asking;
    }
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(seen.map(({ body }) => body))).toEqual(
      new Set([`version 1 for ${host}\n`, `version 2 for ${host}\n`]),
    );
  });

  it("is gone from the cluster once it is deactivated, and from the region once it is deleted", {
    timeout: 6 * minuteMs,
  }, async () => {
    await flyteSays(["update", "app", "--deactivate", ...place, name], new RegExp(name));
    await becomes(Status.STOPPED);
    expect((await ask()).status).toBe(404);
    await flyteSays(["delete", "app", ...place, name], new RegExp(name));
    await expect(statusNow()).rejects.toThrow(/not.found/i);
  });
});
