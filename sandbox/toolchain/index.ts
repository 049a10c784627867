/** The toolchain: every program that the local run is made of, found on this machine or built once into the cache. */
import { join } from "node:path";
import { UserError } from "../../shared/errors.ts";
import type { Toolchain } from "../context.ts";
import type { Paths } from "../paths.ts";
import { generate, generatedIsCurrent, generatedLock } from "./generated.ts";
import { withLock } from "./lock.ts";
import { type Machine, machineOf } from "./machine.ts";
import { browserPackage, installPackages, isThere, missingPackages, type SystemPackage } from "./packages.ts";
import type { Part } from "./part.ts";
import { parts, pythonClient, pythonCloud } from "./parts.ts";
import type { PlannedStep, Progress } from "./progress.ts";
import { buildPart, type PartState, stateOf } from "./store.ts";

export { createProgress, type Progress } from "./progress.ts";

interface Step extends PlannedStep {
  /** What it makes, and so what it keeps others from making meanwhile. */
  lock: string;
  needed(): boolean;
  run(report: (detail: string) => void): Promise<void>;
}

/**
 * Installs and builds what is missing of the core, and of the extended parts that `also` names. Quick (< 0.2 s) when
 * all is there; safe beside another Biplane that does the same.
 *
 * @param also ids of extended parts, see `parts.ts`
 * @throws UserError when a build fails, with the end of its log.
 */
export async function ensureToolchain(paths: Paths, progress: Progress, also: string[] = []): Promise<Toolchain> {
  const machine = machineOf(paths);
  const unknown = also.filter((id) => !parts.some((part) => part.id === id));
  if (unknown.length > 0)
    throw new UserError(`No such part: ${unknown.join(", ")}; allowed: ${parts.map(({ id }) => id).join(", ")}.`);
  const chosen = parts.filter(({ id, tier }) => tier === "core" || also.includes(id));
  await runSteps(progress, [
    packagesStep(paths, machine, () => missingPackages(machine, packagesOf(chosen))),
    ...chosen.map((part) => partStep(paths, machine, part)),
    generatedStep(paths, machine),
  ]);
  return locateToolchain(paths, machine);
}

/** Only `gen/` and what makes it: enough for types and unit tests, and a minute on a bare machine. */
export async function ensureGenerated(paths: Paths, progress: Progress): Promise<void> {
  const machine = machineOf(paths);
  await runSteps(progress, [
    packagesStep(paths, machine, () => missingPackages(machine).filter((name) => name === "python3-venv")),
    partStep(paths, machine, pythonClient),
    generatedStep(paths, machine),
  ]);
}

/** Debian's Chromium, for the tests of pages. @returns the program */
export async function ensureBrowser(paths: Paths, progress: Progress): Promise<string> {
  const machine = machineOf(paths);
  const missing = () => (isThere(browserPackage, machine) ? [] : [browserPackage.name]);
  await runSteps(progress, [packagesStep(paths, machine, missing)]);
  const program = machine.find("chromium");
  if (!program) throw new UserError("Debian package chromium is installed, but there is no chromium on PATH.");
  return program;
}

/**
 * The toolchain as it stands, without building anything.
 *
 * @throws UserError naming what is not there and how to get it.
 */
export function locateToolchain(paths: Paths, machine: Machine = machineOf(paths)): Toolchain {
  const states = parts.map((part) => stateOf(paths, part, machine));
  const missing = [
    ...missingPackages(machine).map((name) => `Debian package ${name}`),
    ...states.filter(({ part, ready }) => part.tier === "core" && !ready).map(({ part }) => part.title),
  ];
  if (missing.length > 0) {
    throw new UserError(
      `The toolchain is not complete; missing: ${missing.join(", ")}. Run \`./biplane up\`, which builds it into ${paths.cache}.`,
    );
  }
  return {
    bin: (name) => programIn(states, machine, name),
    python: {
      client: programOf(states, pythonClient, "python"),
      cloud: programOf(states, pythonCloud, "python"),
    },
  };
}

/** Extended parts that are in the cache, so that a command can use what is there without building. */
export function readyParts(paths: Paths): string[] {
  const machine = machineOf(paths);
  return parts
    .filter((part) => part.tier === "extended" && stateOf(paths, part, machine).ready)
    .filter((part) => packagesOf([part]).every((one) => isThere(one, machine)))
    .map(({ id }) => id);
}

function packagesOf(chosen: Part[]): SystemPackage[] {
  return chosen.flatMap(({ packages = [] }) => packages);
}

async function runSteps(progress: Progress, steps: Step[]): Promise<void> {
  const needed = steps.filter((step) => step.needed());
  progress.plan(needed);
  for (const step of needed) {
    const waiting = () => progress.note(`Another biplane makes this: ${step.title}; waiting for it.`);
    await withLock(step.lock, waiting, async () => {
      // Asked again: the other one may have made it.
      if (step.needed()) await progress.step(step.title, (report) => step.run(report));
      else progress.spare(step.title);
    });
  }
}

function packagesStep(paths: Paths, machine: Machine, missing: () => string[]): Step {
  return {
    title: "Debian packages",
    lock: join(paths.cache, "locks", "packages"),
    seconds: 60,
    needed: () => missing().length > 0,
    run: (report) => installPackages(paths, missing(), machine, report),
  };
}

function partStep(paths: Paths, machine: Machine, part: Part): Step {
  return {
    title: part.title,
    lock: join(paths.cache, "locks", `part-${part.id}`),
    seconds: part.seconds,
    needed: () => !stateOf(paths, part, machine).ready,
    run: (report) => buildPart(paths, stateOf(paths, part, machine), machine, report),
  };
}

function generatedStep(paths: Paths, machine: Machine): Step {
  return {
    title: "Generated code",
    lock: generatedLock,
    seconds: 8,
    needed: () => !generatedIsCurrent(),
    run: () => generate(paths, programOf([stateOf(paths, pythonClient, machine)], pythonClient, "python")),
  };
}

function programIn(states: PartState[], machine: Machine, name: string): string {
  for (const state of states) {
    if (name in state.part.programs && name !== "python") return programOf(states, state.part, name);
  }
  const path = machine.find(name);
  if (!path) throw new UserError(`The program ${name} is neither part of the toolchain nor on PATH.`);
  return path;
}

function programOf(states: PartState[], part: Part, name: string): string {
  const state = states.find((candidate) => candidate.part === part);
  const path = part.programs[name];
  if (!state || !path) throw new Error(`${part.id} has no program ${name}`);
  const found = state.found[name];
  if (found) return found;
  if (!state.ready)
    throw new UserError(
      `${name} belongs to "${part.title}", which is not built. Run \`./biplane up --with ${part.id}\`.`,
    );
  return join(state.folder, path);
}
