import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundleInputs, entryPoints } from "./bundle.ts";

test("each folder of a plane with a main.ts is a service, and nothing else is", () => {
  const folder = mkdtempSync(join(tmpdir(), "services-"));
  for (const path of ["control/gateway/main.ts", "control/store/runs.ts", "data/tunnel/main.ts", "shared/main.ts"]) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), "");
  }
  const found = entryPoints(folder);
  rmSync(folder, { recursive: true });
  expect(Object.keys(found)).toEqual(["control/gateway", "data/tunnel"]);
});

test("a test file does not make a new image, a migration does", () => {
  const names = bundleInputs().map((path) => path.split("/").at(-1) ?? "");
  expect(names.filter((name) => name.endsWith(".test.ts"))).toEqual([]);
  expect(names.some((name) => name.endsWith(".sql"))).toBe(true);
});
