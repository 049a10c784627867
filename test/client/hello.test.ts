import { expect, it } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { outputsOf, runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { runClient } from "../support/runs.ts";

const { proves } = evidenceFor("client/hello");

it("a run by the real client crosses both planes: its logs come back, and its output is read", async () => {
  proves(["relay-through-tunnel", "exec-creates-task-pods"], "another name in the output is not found");
  const { name, result } = await runExample("hello", "hello", ["--name", "both planes", "--n", "2"], {
    prints: ["saying hello to both planes"],
  });
  expect(result.exitCode, result.stderr).toBe(0);
  expect(result.stdout).toContain("saying hello to both planes");
  const output = await outputsOf(name);
  expect(output).toContain("hello both planes! hello both planes! ");
  expect(output).not.toContain("hello nobody");
  const details = await (await runClient()).ended(name);
  expect(details.status).toMatchObject({ phase: ActionPhase.SUCCEEDED, attempts: 1 });
});
