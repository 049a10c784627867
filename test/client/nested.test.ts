import { expect, it } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { outputsOf, runExample } from "../support/client.ts";
import { runClient } from "../support/runs.ts";

it("a parent runs five children and reads what they answer", async () => {
  const { name, result } = await runExample("nested", "sum_of_squares", ["--n", "5"]);
  expect(result.exitCode, result.stderr).toBe(0);
  const runs = await runClient();
  const details = await runs.ended(name);
  expect(details.status?.phase).toBe(ActionPhase.SUCCEEDED);
  expect(await outputsOf(name)).toMatch(/o0=30\b/);
  const children = (await runs.actions(name)).filter(({ id }) => id?.name !== "a0");
  expect(children.map(({ status }) => status?.phase)).toEqual(Array(5).fill(ActionPhase.SUCCEEDED));
  expect(children.map(({ metadata }) => metadata?.parent)).toEqual(Array(5).fill("a0"));
});
