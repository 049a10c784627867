import { expect, it } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { outputsOf, runExample } from "../support/client.ts";
import { runClient } from "../support/runs.ts";

it("ten runs at once all succeed, each with its own output", async () => {
  const numbers = Array.from({ length: 10 }, (_, index) => index);
  const started = await Promise.all(
    numbers.map((n) => runExample("hello", "hello", ["--name", `run-${n}-end`], { follow: false })),
  );
  expect(started.map(({ result }) => result.exitCode)).toEqual(numbers.map(() => 0));
  const runs = await runClient();
  const ended = await Promise.all(started.map(({ name }) => runs.ended(name, "a0", 150_000)));
  expect(ended.map(({ status }) => status?.phase)).toEqual(numbers.map(() => ActionPhase.SUCCEEDED));
  expect(await outputsOf(started[7]?.name ?? "")).toContain("hello run-7-end!");
});
