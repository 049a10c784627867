import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { checkout } from "./context.ts";

const claims = `'${process.execPath}' '${join(checkout, "cli/main.ts")}' claims --json`;

it("what a command prints reaches a slow reader of a pipe to its last character", async () => {
  const { stdout } = await execa("sh", ["-c", `${claims} | (sleep 1; cat)`]);
  expect(JSON.parse(stdout)).toMatchObject({ total: 271 });
});

it("a command whose reader leaves ends as it would, without a word about it", async () => {
  const { stderr, exitCode } = await execa("bash", ["-c", `set -o pipefail; ${claims} | true`]);
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
});
