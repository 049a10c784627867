/** The region's own health: a service that dies is brought back, and while one is away nothing is half begun. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { beforeAll, expect, it, vi } from "vitest";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { codeOf } from "../../services/shared/testing/code-of.ts";
import { containerRun, runIdOf } from "../support/container-run.ts";
import { evidenceFor } from "../support/evidence.ts";
import { edge, signedIn } from "../support/identities.ts";
import { environment } from "../support/local-run.ts";
import { planeCluster } from "../support/plane-cluster.ts";

const { proves } = evidenceFor("network/region-recovery");
const region = planeCluster("region");
const runs = createClient(RunService, edge());
const soon = { timeout: 90_000, interval: 250 };
let by: { headers: Record<string, string> };
beforeAll(async () => {
  by = { headers: await signedIn(environment.org, "admin") };
});

const list = () => {
  const scopeBy = { case: "org" as const, value: environment.org };
  return codeOf(runs.listRuns({ request: { limit: 1 }, scopeBy }, { ...by, timeoutMs: 5_000 }));
};

it("a service that is killed is back by itself, and answers as before", async () => {
  proves(["cp-health-and-auto-recovery"], "until its pod was replaced, the same call was refused");
  const { items } = await region.apps.listNamespacedDeployment({ namespace: region.namespace });
  const unwatched = items.flatMap(({ metadata, spec }) =>
    (spec?.template.spec?.containers ?? []).flatMap(({ name, livenessProbe, readinessProbe }) =>
      livenessProbe && readinessProbe ? [] : [`${metadata?.name}/${name}`],
    ),
  );
  expect(items.length).toBeGreaterThan(0);
  expect(unwatched).toEqual([]);

  expect(await list()).toBe("ok");
  const [pod] = await region.readyPods("runs");
  const killed = pod?.metadata?.name ?? "";
  await region.killPod(killed);
  const told: string[] = [];
  while (told.at(-1) !== "ok" || (await region.readyPods("runs")).length === 0) {
    told.push(await list());
    expect(told.length, told.join()).toBeLessThan(400);
    await sleep(200);
  }
  expect((await region.readyPods("runs")).map(({ metadata }) => metadata?.name)).not.toContain(killed);
  // By a refusal, or by silence: what a network does with the address of a pod that is gone is its own affair.
  expect(told.filter((code) => code !== "ok").length).toBeGreaterThan(0);
  // Whoever asked meanwhile was told to come again, and nothing else.
  expect(told.filter((code) => !["ok", "Unavailable", "DeadlineExceeded"].includes(code))).toEqual([]);
  const after = await Promise.all(Array.from({ length: 20 }, list));
  expect(new Set(after)).toEqual(new Set(["ok"]));
});

it("without it no run is begun, and none is half there afterwards", async () => {
  proves(["cp-needed-for-new-submissions"], "before and after, the same submission is taken");
  const [before, meanwhile, after] = Array.from({ length: 3 }, () => `r${randomBytes(7).toString("hex")}`);
  const submit = (name = "") => codeOf(runs.createRun(containerRun(name), { ...by, timeoutMs: 10_000 }));
  const known = (name = "") => codeOf(runs.getRunDetails({ runId: runIdOf(name) }, by));
  expect(await submit(before)).toBe("ok");
  await region.without("runs", async () => {
    expect(await submit(meanwhile)).toBeOneOf(["Unavailable", "DeadlineExceeded"]);
  });
  await vi.waitFor(async () => expect(await known(before)).toBe("ok"), soon);
  expect(await known(meanwhile)).toBe("NotFound");
  expect(await submit(after)).toBe("ok");
});
