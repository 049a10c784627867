/** Planes are upgraded at different times by different people: what one says, an older or newer one must understand. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";

const here = import.meta.dirname;
let changed: string;
beforeAll(() => {
  changed = mkdtempSync(join(tmpdir(), "biplane-contract-"));
  for (const part of ["biplane", "buf.yaml"]) cpSync(join(here, part), join(changed, part), { recursive: true });
});
afterAll(() => rmSync(changed, { recursive: true }));

const broken = async (proto: string) => {
  const buf = join(here, "../node_modules/.bin/buf");
  const against = `--against=${join(here, "contract.binpb.gz")}`;
  const { exitCode, stdout, stderr } = await execa(buf, ["breaking", proto, against], { reject: false });
  return { exitCode, said: stdout + stderr };
};

test("what the planes say to each other breaks nothing that planes in use speak", async () => {
  expect(await broken(here)).toEqual({ exitCode: 0, said: "" });
});

test("a field of another type would be told", async () => {
  const file = join(changed, "biplane/queue/v1/queue.proto");
  const text = readFileSync(file, "utf8");
  const other = text.replace(/string (\w+) = 1;/, "int64 $1 = 1;");
  expect(other).not.toBe(text);
  writeFileSync(file, other);
  expect(await broken(changed)).toEqual({ exitCode: 100, said: expect.stringContaining("queue.proto") });
});
