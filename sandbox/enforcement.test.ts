import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { begunWith, enforcingPart, writeEnforcement } from "./enforcement.ts";
import { paths } from "./paths.ts";

let folder: string;
const at = () => paths({ BIPLANE_STATE: join(folder, "state") });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "enforcement-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

test("a run that has not begun has chosen nothing, and asking for it is no error", () => {
  expect(begunWith(at())).toBeUndefined();
  expect(begunWith(at(), [enforcingPart])).toBeUndefined();
});

test("what a run began with stays", () => {
  for (const enforced of [true, false]) {
    writeEnforcement(at(), enforced);
    expect(begunWith(at())).toBe(enforced);
  }
  writeEnforcement(at(), true);
  expect(begunWith(at(), [enforcingPart])).toBe(true);
});

test("a run whose pods have a network without enforcement is not given one under them", () => {
  writeEnforcement(at(), false);
  expect(begunWith(at(), ["logs"])).toBe(false);
  expect(() => begunWith(at(), ["logs", enforcingPart])).toThrow(/--with.*network-policy.*biplane down first/s);
});

test("a run that an older Biplane has begun enforces nothing", () => {
  writeEnforcement(at(), true);
  rmSync(join(at().state, "network-policy.json"));
  writeFileSync(join(at().state, "model.json"), "{}");
  expect(begunWith(at())).toBe(false);
});
