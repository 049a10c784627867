/** Parts that are Python environments, made from a pinned list with hashes: `python/<list>.txt`. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../shared/errors.ts";
import type { Machine } from "./machine.ts";
import type { BuildJob, Part } from "./part.ts";
import { runLogged } from "./run.ts";

export interface PythonPart {
  id: string;
  title: string;
  seconds: number;
  /** File beside this one, made by `python/lock.sh`. */
  requirements: string;
  /** Programs that the packages bring. */
  programs: string[];
}

export function pythonPart(spec: PythonPart): Part {
  const requirements = join(import.meta.dirname, spec.requirements);
  return {
    id: spec.id,
    title: spec.title,
    tier: "core",
    seconds: spec.seconds,
    inputs: (machine) => ({
      root: import.meta.dirname,
      files: [requirements],
      values: { python: pythonVersion(machine) },
    }),
    programs: Object.fromEntries(["python", ...spec.programs].map((name) => [name, join("bin", name)])),
    build: (job) => buildEnvironment(job, requirements),
  };
}

async function buildEnvironment(job: BuildJob, requirements: string): Promise<void> {
  const python = requirePython(job.machine);
  const own = join(job.folder, "bin/python");
  const env = { ...process.env, PIP_NO_CACHE_DIR: "1", PIP_DISABLE_PIP_VERSION_CHECK: "1", TMPDIR: job.scratch };
  await runLogged({ command: python, args: ["-m", "venv", job.folder], env, log: job.log });
  await runLogged({
    command: own,
    args: ["-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "--no-compile", "-r", requirements],
    env,
    log: job.log,
    onLine(line) {
      const named = /^Collecting (\S+?)[=<>! ]/.exec(line) ?? /^(Installing collected packages)/.exec(line);
      if (named?.[1]) job.report(named[1]);
    },
  });
  await runLogged({
    command: own,
    // Compiled files remember where they were made; they are told where they will be.
    args: ["-m", "compileall", "-q", "-s", job.folder, "-p", job.finalFolder, join(job.folder, "lib")],
    env,
    log: job.log,
  });
  moveScripts(job.folder, job.finalFolder);
}

/** An environment's scripts name their interpreter by its absolute path. */
function moveScripts(from: string, to: string): void {
  const scripts = readdirSync(join(from, "bin"), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(from, "bin", entry.name));
  for (const path of [join(from, "pyvenv.cfg"), ...scripts]) {
    const text = readFileSync(path, "utf8");
    if (text.includes(from)) writeFileSync(path, text.replaceAll(from, to));
  }
}

/** Version and home: an environment points into the interpreter that it was made from. */
function pythonVersion(machine: Machine): string {
  const program = "import sys, os; print(sys.version, os.path.realpath(sys.base_prefix))";
  return (machine.ask(requirePython(machine), ["-c", program]) ?? "").trim();
}

export function requirePython(machine: Machine): string {
  const python = machine.find("python3");
  if (!python)
    throw new UserError(
      "Python is missing on PATH; allowed: 3.10 or newer. Run `apt-get install python3` and try again.",
    );
  return python;
}
