import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { paths } from "../paths.ts";
import { createProgress, type ProgressOutput } from "./progress.ts";

let cache: string;
let said: string;
const log: ProgressOutput = { write: (text) => (said += text) };

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "progress-"));
  said = "";
});

afterEach(() => rmSync(cache, { recursive: true }));

const progress = () => createProgress(paths({ BIPLANE_CACHE: cache }), log);

test("a log gets one plain line at the start and one at the end of each step", async () => {
  const shown = progress();
  shown.plan(["Packages", { title: "Engine", seconds: 90 }]);
  await shown.step("Packages", async () => undefined);
  await shown.step("Engine", async () => undefined);
  const lines = said.trimEnd().split("\n");
  expect(lines[0]).toBe("[1/2] Packages; then Engine (about 1:30)");
  expect(lines[1]).toContain("Packages");
  expect(lines[2]).toBe("[2/2] Engine (about 1:30)");
  expect(said).not.toContain("\r");
});

test("a step that somebody else did is not announced any more, and is no measurement", async () => {
  const shown = progress();
  shown.plan(["Packages", "Engine", "Node"]);
  shown.spare("Engine");
  await shown.step("Packages", async () => undefined);
  expect(said.split("\n")[0]).toBe("[1/2] Packages; then Node");
  said = "";
  await progress().step("Engine", async () => undefined);
  expect(said.split("\n")[0]).toBe("[1/1] Engine");
});

test("the next command knows how long the step took", async () => {
  await progress().step("Engine", async () => undefined);
  said = "";
  await progress().step("Engine", async () => undefined);
  expect(said).toContain("[1/1] Engine (last time 0:00)");
});

test("a step hands its result on, and its failure, which is no measurement", async () => {
  expect(await progress().step("Good", async () => 7)).toBe(7);
  await expect(progress().step("Bad", () => Promise.reject(new Error("no network")))).rejects.toThrow("no network");
  said = "";
  await progress().step("Bad", async () => undefined);
  expect(said).toContain("[1/1] Bad\n");
});

test("a step within a step makes no lines of its own", async () => {
  const shown = progress();
  await shown.step("Outer", () => shown.step("Inner", async () => undefined));
  expect(said).not.toContain("Inner");
});
