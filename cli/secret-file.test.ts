import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { intoSecretFile } from "./secret-file.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-secret-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("a secret goes into a new file that only its owner reads", async () => {
  const file = join(folder, "new");
  expect(await intoSecretFile(file, async () => ({ secret: "s3cret", made: 7 }))).toBe(7);
  expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["s3cret", 0o600]);
});

it("no secret is made where its file exists already", async () => {
  const file = join(folder, "there");
  writeFileSync(file, "before");
  let asked = false;
  const make = async () => {
    asked = true;
    return { secret: "s3cret", made: undefined };
  };
  await expect(intoSecretFile(file, make)).rejects.toThrow("allowed: a new file");
  expect([asked, readFileSync(file, "utf8")]).toEqual([false, "before"]);
});

it("no file is left where the region refuses", async () => {
  const file = join(folder, "refused");
  const make = () => Promise.reject(new Error("no"));
  await expect(intoSecretFile(file, make)).rejects.toThrow("no");
  expect(existsSync(file)).toBe(false);
});
