/** What is deployed, read and aborted by the real client, as its users type it. */
import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { flyteSays, runExample } from "../support/client.ts";
import { customerCluster } from "../support/customer-cluster.ts";
import { environment } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const { project, domain } = environment;
const place = ["--project", project, "--domain", domain];
const patience = { timeout: 90_000, interval: 500 };
let runs: Awaited<ReturnType<typeof runClient>>;
beforeAll(async () => {
  runs = await runClient();
});

describe("a task that was deployed", () => {
  const version = `t${randomBytes(7).toString("hex")}`;
  const run = `t${randomBytes(7).toString("hex")}`;
  beforeAll(() => flyteSays(["deploy", ...place, "--version", version, "nested.py", "env"], /nested\.sum_of_squares/));

  it("is run by its name, without its code at hand, and shown with its actions", async () => {
    await flyteSays(
      ["run", ...place, "--name", run, "deployed-task", "nested.sum_of_squares", "--n", "3"],
      new RegExp(run),
    );
    const { status, metadata } = await runs.ended(run);
    expect(status?.phase).toBe(ActionPhase.SUCCEEDED);
    expect(metadata?.spec).toMatchObject({ case: "task", value: { id: { name: "nested.sum_of_squares", version } } });
    const { outputs } = await runs.data(run);
    expect(outputs?.literals[0]?.value?.value).toMatchObject({
      value: { value: { value: { value: { case: "integer", value: 5n } } } },
    });
    await flyteSays(["get", "task", ...place, "nested.sum_of_squares"], new RegExp(version));
    await flyteSays(["get", "run", ...place, run], /succeeded/i);
    await flyteSays(["get", "action", ...place, run, "a0"], /succeeded/i);
    const all = await flyteSays(["get", "action", ...place, run], /square/);
    for (const { id } of await runs.actions(run)) expect(all).toContain(id?.name);
    await flyteSays(["get", "project"], new RegExp(`\\b${project}\\b`));
  });
});

describe("a child that is aborted", () => {
  it("ends alone: its pod goes, and its parent goes on with what it makes of it", async () => {
    const { name, result } = await runExample("sleeper", "watchful", [], { follow: false });
    expect(result.exitCode, result.stderr).toBe(0);
    const childOf = async () => (await runs.actions(name)).find(({ id }) => id?.name !== "a0");
    await vi.waitFor(async () => expect((await childOf())?.status?.phase).toBe(ActionPhase.RUNNING), patience);
    const child = (await childOf())?.id?.name ?? "";
    await flyteSays(["abort", "action", ...place, name, child], /abort/i);
    expect((await runs.ended(name, child)).status?.phase).toBe(ActionPhase.ABORTED);
    expect((await runs.ended(name)).status?.phase).toBe(ActionPhase.SUCCEEDED);
    expect(await runs.outputString(name)).toBe("the child was aborted");
    const pods = async () => {
      const labelSelector = `run=${name},action=${child}`;
      return (await customerCluster.core.listNamespacedPod({ namespace: `${project}-${domain}`, labelSelector })).items;
    };
    await vi.waitFor(async () => expect(await pods()).toEqual([]), patience);
  });
});
