import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { checkout } from "./context.ts";

it("what a command prints reaches a slow reader of a pipe to its last character", async () => {
  const command = `'${process.execPath}' '${join(checkout, "cli/main.ts")}' claims --json | (sleep 1; cat)`;
  const { stdout } = await execa("sh", ["-c", command]);
  expect(JSON.parse(stdout)).toMatchObject({ total: 271 });
});
