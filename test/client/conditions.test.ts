/** A run that asks, by the real client on both sides: a task that waits, and a person who lists, looks and answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { AuditService, Decision } from "../../gen/biplane/audit/v1/audit_pb.js";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import type { Action } from "../../gen/flyteidl2/workflow/run_definition_pb.js";
import { flyte } from "../../sandbox/client.ts";
import { accessToken, api } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { environment, here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const nameOf = ({ metadata }: Action) => (metadata?.spec.case === "condition" ? metadata.spec.value.name : "");

/** The client may abort when its interpreter ends, all done (test/support/client.ts says why): what it did is looked at. */
async function client(args: string[], said: RegExp): Promise<void> {
  const { stdout, stderr, exitCode, signal } = await flyte(here, environment, ["--no-progress", ...args]);
  const text = stripVTControlCharacters(`${stdout}${stderr}`).replace(/[\s│]+/g, " ");
  if ((exitCode === 0 || signal === "SIGABRT") && said.test(text)) return;
  throw new Error(`flyte ${args.slice(0, 2).join(" ")}: ${text}`);
}

it("a run waits for a person's word, goes on with it, and does not wait for ever", { timeout: 300_000 }, async () => {
  const { name } = await runExample("with_condition", "release", ["--version", "3"], { follow: false });
  const runs = await runClient();
  const waiting = async () => {
    const found = (await runs.actions(name)).find((action) => nameOf(action) === "release");
    return found?.status?.phase === ActionPhase.PAUSED ? found.id?.name : undefined;
  };
  let action: string | undefined;
  for (const giveUpAt = Date.now() + 120_000; !action && Date.now() < giveUpAt; await sleep(500))
    action = await waiting();
  if (!action) throw new Error(`${name} asks nothing`);

  await client(["get", "condition", name], new RegExp(`release.*${action}|${action}.*release`));
  await client(["signal", "condition", name, action, "the first ring"], /has been signaled/);
  const details = await runs.ended(name);
  expect(details.status?.phase).toBe(ActionPhase.SUCCEEDED);
  expect(await runs.outputString(name)).toBe("3 to the first ring");

  const { result } = await runs.ended(name, action);
  // Who answered stays. What was answered went when the task that asked ended.
  if (result.case !== "signalInfo") throw new Error(`${action} has no answer`);
  expect(result.value.signalledBy?.principal.value?.id?.subject).toBe(environment.clientId);
  expect(result.value.output).toBeUndefined();
  const impatient = (await runs.actions(name)).find((one) => nameOf(one) === "impatient");
  expect(impatient?.status?.phase).toBe(ActionPhase.TIMED_OUT);
  const { org, project, domain } = environment;
  const again = runs.client.signalEvent({
    actionId: { name: action, run: { org, project, domain, name } },
    payload: { value: { case: "stringValue", value: "the second ring" } },
  });
  await expect(again).rejects.toMatchObject({ code: Code.FailedPrecondition });

  const operation = "flyteidl2.workflow.RunService/SignalEvent";
  const { records } = await api(AuditService, await accessToken()).listRecords({ operation });
  const signalled = records.filter(({ resource }) => resource.includes(name));
  expect(signalled.map(({ decision }) => decision)).toEqual([Decision.ALLOWED, Decision.ALLOWED]);
});
