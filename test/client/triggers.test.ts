/** A trigger's whole life by the real client: deployed with its task, fired by the region, paused, deleted. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { TriggerService } from "../../gen/flyteidl2/trigger/trigger_service_pb.js";
import { RunSource } from "../../gen/flyteidl2/workflow/run_definition_pb.js";
import { accessToken, api } from "../support/api.ts";
import { flyteSays } from "../support/client.ts";
import { environment } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const { org, project, domain } = environment;
const place = ["--project", project, "--domain", domain];
const task = "triggered.tell";
const name = { org, project, domain, taskName: task, name: "minutely" };
const minuteMs = 60_000;
/** A trigger fires no more often than once a minute. That a paused one does not is tested at the store in no time. */
const long = process.env.BIPLANE_LONG === "1";
const firings = long ? 3 : 1;
const earlier = new Set<string | undefined>();
let runs: Awaited<ReturnType<typeof runClient>>;

/** Since this file began, the oldest first. */
async function triggered() {
  const { runs: found } = await runs.client.listRuns({ scopeBy: { case: "triggerName", value: name } });
  return found.filter(({ action }) => !earlier.has(action?.id?.run?.name)).toReversed();
}

beforeAll(async () => {
  runs = await runClient();
  for (const { action } of await triggered()) earlier.add(action?.id?.run?.name);
  // A version that was there already would leave its triggers as they are.
  const version = `t${randomBytes(7).toString("hex")}`;
  await flyteSays(["deploy", ...place, "--version", version, "with_trigger.py", "env"], /triggered/);
}, 5 * minuteMs);
afterAll(async () => {
  const { triggers } = await api(TriggerService, await accessToken()).listTriggers({
    scopeBy: { case: "projectId", value: { organization: org, name: project, domain } },
  });
  const names = triggers.flatMap(({ id }) => (id?.name?.taskName.startsWith("triggered.") ? [id.name] : []));
  if (names.length > 0) await api(TriggerService, await accessToken()).deleteTriggers({ names });
});

it("a trigger fires with its own time, as whoever deployed it", { timeout: 12 * minuteMs }, async () => {
  const giveUpAt = Date.now() + 5 * minuteMs;
  while ((await triggered()).length < firings && Date.now() < giveUpAt) await sleep(1_000);
  const started = (await triggered()).slice(0, firings);
  expect(started.length).toBe(firings);
  const times = new Set<number>();
  for (const { action } of started) {
    const run = action?.id?.run?.name ?? "";
    expect(action?.metadata).toMatchObject({ source: RunSource.SCHEDULE_TRIGGER, triggerName: "minutely" });
    expect((await runs.ended(run)).status?.phase).toBe(ActionPhase.SUCCEEDED);
    times.add(new Date(await runs.outputString(run)).getTime());
  }
  expect(times.size).toBe(firings);
  for (const time of times) expect(time % minuteMs).toBe(0);
});

it("a trigger is shown, paused so that it fires no more, and deleted", { timeout: 8 * minuteMs }, async () => {
  const all = await flyteSays(["get", "trigger", ...place], /minutely/);
  expect(all).toContain("nightly");
  await flyteSays(["update", "trigger", ...place, "minutely", task, "--deactivate"], /set to deactivate/);
  if (long) {
    const before = (await triggered()).length;
    await sleep(minuteMs + 15_000);
    expect((await triggered()).length).toBe(before);
  }
  const { trigger } = await api(TriggerService, await accessToken()).getTriggerDetails({ name });
  expect(trigger?.spec?.active).toBe(false);
  await flyteSays(["delete", "trigger", ...place, "minutely", task], /minutely/);
  await expect(api(TriggerService, await accessToken()).getTriggerDetails({ name })).rejects.toThrow(/does not exist/);
});
