/** Parts built from a pinned Go module: `sandbox/toolchain/<module>/{go.mod,go.sum}`. */
import { execFileSync } from "node:child_process";
import { cpSync, renameSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { UserError } from "../../shared/errors.ts";
import type { Machine, PathRule } from "./machine.ts";
import type { SystemPackage } from "./packages.ts";
import type { BuildJob, Part } from "./part.ts";
import { runLogged } from "./run.ts";

export interface GoPart {
  id: string;
  title: string;
  tier: Part["tier"];
  seconds: number;
  /** Folder of the module, beside this file. */
  module: string;
  /** Program → package to build. */
  programs: Record<string, string>;
  /** Folders of a module that the programs read at run time: name within the part → path within the module. */
  sources?: { module: string; folders: Record<string, string> };
  /** Debian packages that the programs call at run time. */
  packages?: SystemPackage[];
  /** Variables that the linker sets, without which programs do not know their own version. */
  stamp?: Record<string, string>;
  tags?: string[];
  /** When a program on PATH is used instead. */
  onPath?: Record<string, PathRule>;
}

export function goPart(spec: GoPart): Part {
  const module = join(import.meta.dirname, spec.module);
  const stamps = Object.entries(spec.stamp ?? {}).map(([variable, value]) => `-X ${variable}=${value}`);
  const flags = [
    "-trimpath",
    "-buildvcs=false",
    ...(spec.tags ? [`-tags=${spec.tags.join(",")}`] : []),
    `-ldflags=${["-s", "-w", ...stamps].join(" ")}`,
  ];
  return {
    id: spec.id,
    title: spec.title,
    tier: spec.tier,
    seconds: spec.seconds,
    packages: spec.packages ?? [],
    inputs: (machine) => ({
      root: module,
      files: [module],
      values: { flags, go: goVersion(machine), ...(spec.sources ? { sources: JSON.stringify(spec.sources) } : {}) },
    }),
    programs: Object.fromEntries(Object.keys(spec.programs).map((name) => [name, join("bin", name)])),
    onPath(machine, program) {
      const rule = spec.onPath?.[program];
      return rule && machine.fitting(program, rule);
    },
    async build(job) {
      const packages = job.wanted.map((name) => [name, spec.programs[name] ?? name] as const);
      await buildModule(
        job,
        module,
        flags,
        packages.map(([, path]) => path),
      );
      // `go build` names a program by the last element of its package.
      for (const [name, path] of packages)
        renameSync(join(job.folder, "bin", basename(path)), join(job.folder, "bin", name));
      if (spec.sources) await copySources(job, module, spec.sources);
    },
  };
}

/** By copy, which owns what it is: modules are thrown away after the build. */
async function copySources(job: BuildJob, module: string, sources: NonNullable<GoPart["sources"]>): Promise<void> {
  const go = requireGo(job.machine);
  const listed = await runLogged({
    command: go,
    args: ["list", "-m", "-f", "{{.Dir}}", sources.module],
    cwd: module,
    env: goEnvironment(job, go),
    log: job.log,
  });
  for (const [name, path] of Object.entries(sources.folders))
    cpSync(join(listed.trim(), path), join(job.folder, name), { recursive: true });
}

async function buildModule(job: BuildJob, module: string, flags: string[], packages: string[]): Promise<void> {
  const go = requireGo(job.machine);
  let compiled = 0;
  await runLogged({
    command: go,
    // -v names each package once it is compiled: the only sign of life that `go build` gives.
    args: ["build", "-v", "-p", String(availableParallelism()), ...flags, "-o", join(job.folder, "bin/"), ...packages],
    cwd: module,
    env: goEnvironment(job, go),
    log: job.log,
    onLine(line) {
      if (line.startsWith("go: downloading ")) job.report(`downloading ${line.split(" ")[2]}`);
      else if (!line.includes(" ")) job.report(`${++compiled} packages compiled`);
    },
  });
}

/**
 * Go's caches grow to many GB, so the build has its own and throws them away, unless the environment names one. Modules
 * that the user's own cache holds are taken from it, through a file proxy that only reads.
 */
function goEnvironment(job: BuildJob, go: string): NodeJS.ProcessEnv {
  const [userModules, userProxy] = execFileSync(go, ["env", "GOMODCACHE", "GOPROXY"], { encoding: "utf8" }).split("\n");
  return {
    ...process.env,
    GOPROXY: `file://${userModules}/cache/download,${userProxy}`,
    GOCACHE: process.env.GOCACHE ?? join(job.scratch, "build"),
    GOMODCACHE: process.env.GOMODCACHE ?? join(job.scratch, "modules"),
    // Writable modules can be removed; a module must be just what go.sum says.
    GOFLAGS: "-mod=readonly -modcacherw",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    CGO_ENABLED: "0",
  };
}

function goVersion(machine: Machine): string {
  return (machine.ask(requireGo(machine), ["version"]) ?? "").trim();
}

function requireGo(machine: Machine): string {
  const go = machine.find("go");
  if (!go)
    throw new UserError(
      "Go is missing on PATH; allowed: 1.26.8 or newer. Get it from https://go.dev/dl/ and try again.",
    );
  return go;
}
