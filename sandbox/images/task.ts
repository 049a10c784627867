/** The image of tasks: Debian, its Python, and the pinned `flyte`; neither pip nor a compiler. */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../context.ts";
import { contentKey } from "../toolchain/content-key.ts";
import { runLogged } from "../toolchain/run.ts";
import type { Builder } from "./buildah.ts";
import { makeDebian, suite } from "./debian.ts";
import { commonConfig, type ImagePlan } from "./plan.ts";

const requirements = join(import.meta.dirname, "../toolchain/python/task.txt");
const include = ["ca-certificates", "python3"];
/** Python of the Debian suite: packages with compiled parts are chosen for it, whatever this machine's Python is. */
const pythonVersion = "3.11";
/** glibc of the suite is 2.36; a package may ask for an older one. */
const glibcMinors = [17, 24, 26, 27, 28, 31, 34, 35, 36];

const packagesFolder = `/usr/local/lib/python${pythonVersion}/dist-packages`;

/**
 * Compiled once here, since a pod cannot keep what it compiles; it is a second or two of every start. By hash that
 * nobody checks: layers have a fixed time, by which Python would take every compiled file for stale.
 */
function compile(folder: string): string[] {
  return ["python3", "-m", "compileall", "-q", "-f", "--invalidation-mode=unchecked-hash", folder];
}

export function taskPlan(): ImagePlan {
  const root = join(import.meta.dirname, "..");
  const compiled = compile(`/usr/lib/python${pythonVersion}`);
  const debianKey = contentKey({
    root,
    files: [join(import.meta.dirname, "debian.ts")],
    values: { suite, include, compiled },
  });
  const key = contentKey({
    root,
    files: [requirements, import.meta.filename],
    values: { debianKey, commonConfig, arch: process.arch },
  });
  const debian = `localhost/biplane/python:${debianKey}`;
  const image = `localhost/biplane/task:${key}`;
  return {
    name: "task",
    key,
    image,
    keep: [debian, image],
    async make(sandbox: Sandbox, builder: Builder, scratch: string) {
      const tree = join(scratch, "python");
      if (!(await builder.has(debian))) {
        await makeDebian(sandbox, tree, include, builder.log);
        await builder.make({
          image: debian,
          add: [{ from: tree, to: "/" }],
          run: [compiled],
        });
      }
      sandbox.progress("task image: flyte");
      const packages = join(scratch, "packages");
      await installPackages(sandbox, packages, builder.log);
      renameSync(join(packages, "bin"), join(scratch, "bin"));
      useInterpreter(join(scratch, "bin"));
      await builder.make({
        image,
        from: debian,
        add: [
          { from: packages, to: packagesFolder },
          { from: join(scratch, "bin"), to: "/usr/local/bin" },
        ],
        run: [compile(packagesFolder)],
        config: [
          ...commonConfig,
          "--workingdir=/home/task",
          "--env=LANG=C.UTF-8",
          "--env=DO_NOT_TRACK=1",
          "--env=HOME=/home/task",
          "--env=PYTHONDONTWRITEBYTECODE=1",
        ],
      });
    },
  };
}

async function installPackages(sandbox: Sandbox, target: string, log: string): Promise<void> {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  const platforms = [`manylinux2014_${machine}`, ...glibcMinors.map((minor) => `manylinux_2_${minor}_${machine}`)];
  await runLogged({
    command: sandbox.tools.python.client,
    args: [
      ...["-m", "pip", "install", "--no-cache-dir", "--no-compile", "--target", target],
      // The list is complete and made for this Python: pip itself would ask the wrong one for its markers.
      ...["--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation=cp", "-r", requirements],
      ...["--python-version", pythonVersion, ...platforms.flatMap((platform) => ["--platform", platform])],
    ],
    log,
  });
}

/** Entry points name the interpreter that installed them. */
function useInterpreter(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    if (text.startsWith("#!")) writeFileSync(path, text.replace(/^#!.*/, "#!/usr/bin/python3"));
    else rmSync(path, { recursive: true });
  }
}
