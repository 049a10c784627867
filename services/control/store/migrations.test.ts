import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readMigrations } from "./migrations.ts";

describe("migrations", () => {
  it("must be named and numbered", () => {
    const folder = mkdtempSync(join(tmpdir(), "biplane-migrations-"));
    try {
      writeFileSync(join(folder, "0001_a.sql"), "-- breaking: the old build writes a column that is gone\n");
      expect(readMigrations(folder)).toMatchObject([{ number: 1, breaking: true }]);
      writeFileSync(join(folder, "0001_b.sql"), "");
      expect(() => readMigrations(folder)).toThrow("two migrations have the number of 0001_a.sql");
      rmSync(join(folder, "0001_b.sql"));
      writeFileSync(join(folder, "init.sql"), "");
      expect(() => readMigrations(folder)).toThrow("is not named like 0001_create_runs.sql");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
