import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Paths, paths } from "../paths.ts";
import { type Machine, machineOf } from "./machine.ts";
import type { BuildJob, Part } from "./part.ts";
import { buildPart, stateOf, toolchainFolder } from "./store.ts";
import { compatibleWith } from "./versions.ts";

let cache: string;
let machine: Machine;
let place: Paths;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "store-"));
  place = paths({ BIPLANE_CACHE: cache });
  machine = machineOf(place, { PATH: join(cache, "path") });
  mkdirSync(join(cache, "path"));
});

afterEach(() => rmSync(cache, { recursive: true }));

function partOf(version: string, build: (job: BuildJob) => void = fill): Part {
  return {
    id: "engine",
    title: "Engine",
    tier: "core",
    seconds: 1,
    inputs: () => ({ values: { version } }),
    programs: { pulumi: "bin/pulumi" },
    onPath: (on, program) => on.fitting(program, { args: ["version"], fits: compatibleWith([3, 210, 0]) }),
    build: async (job) => build(job),
  };
}

function fill(job: BuildJob): void {
  mkdirSync(join(job.folder, "bin"));
  writeFileSync(join(job.folder, "bin/pulumi"), "");
}

const make = (part: Part) => buildPart(place, stateOf(place, part, machine), machine, () => undefined);

function putOnPath(version: string): void {
  writeFileSync(join(cache, "path/pulumi"), `#!/bin/sh\necho ${version}\n`);
  chmodSync(join(cache, "path/pulumi"), 0o755);
}

test("a part is built once for its content", async () => {
  const part = partOf("1");
  expect(stateOf(place, part, machine).ready).toBe(false);
  await make(part);
  expect(stateOf(place, part, machine).ready).toBe(true);
  expect(stateOf(place, partOf("2"), machine).ready).toBe(false);
});

test("a build that fails leaves nothing that looks complete, and no scratch", async () => {
  const part = partOf("1", (job) => {
    fill(job);
    throw new Error("compiler");
  });
  await expect(make(part)).rejects.toThrow("compiler");
  expect(stateOf(place, part, machine).ready).toBe(false);
  expect(readdirSync(join(toolchainFolder(place), "building"))).toEqual([]);
});

test("what a killed build left is gone with the next build of that part, and another part's build goes on", async () => {
  const building = join(toolchainFolder(place), "building");
  for (const id of ["engine", "node"]) mkdirSync(join(building, id, "scratch", id), { recursive: true });
  const seen: string[] = [];
  await make(
    partOf("1", (job) => {
      fill(job);
      seen.push(...readdirSync(job.scratch));
    }),
  );
  expect(seen).toEqual([]);
  expect(readdirSync(building)).toEqual(["node"]);
});

test("one older result is kept, and no part takes another's for its own", async () => {
  const stranger = join(toolchainFolder(place), "engine-plugins-0123456789abcdef");
  mkdirSync(stranger, { recursive: true });
  for (const version of ["1", "2", "3"]) await make(partOf(version));
  const left = readdirSync(toolchainFolder(place)).filter((name) => /^engine-[0-9a-f]{16}$/.test(name));
  expect(left).toHaveLength(2);
  expect(stateOf(place, partOf("3"), machine).ready).toBe(true);
  expect(existsSync(stranger)).toBe(true);
});

test("a fitting program on PATH is used, not built", () => {
  putOnPath("v3.240.1");
  const state = stateOf(place, partOf("1"), machine);
  expect(state).toMatchObject({ ready: true, wanted: [], found: { pulumi: join(cache, "path/pulumi") } });
});

test("a program on PATH that is too old is built anew", () => {
  putOnPath("v3.100.0");
  expect(stateOf(place, partOf("1"), machine)).toMatchObject({ ready: false, wanted: ["pulumi"], found: {} });
});
