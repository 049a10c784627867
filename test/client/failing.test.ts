import { expect, it } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { runExample } from "../support/client.ts";
import { runClient } from "../support/runs.ts";

it("a task that fails: its error and its traceback reach the client", async () => {
  const { name, result } = await runExample("failing", "failing", ["--reason", "no flour in the house"]);
  expect(result.stdout).toContain("no flour in the house");
  expect(result.stdout).toContain("Traceback (most recent call last)");
  expect(result.stdout).toContain("raise ValueError(reason)");
  const details = await (await runClient()).ended(name);
  expect(details.status?.phase).toBe(ActionPhase.FAILED);
  expect(details.result.case).toBe("errorInfo");
  const message = details.result.case === "errorInfo" ? details.result.value.message : "";
  expect(message).toContain("no flour in the house");
});
