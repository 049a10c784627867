/** Wheels beside what a part builds: for programs that images carry and this machine does not run. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "./part.ts";
import { requirePython } from "./python-part.ts";
import { runLogged } from "./run.ts";

/** Folder of the part that holds them, unpacked: each wheel's own files. */
const wheelsFolder = "wheels";

/** @param list file beside this one, made by `python/lock.sh` */
export function withWheels(part: Part, list: string): Part {
  const requirements = join(import.meta.dirname, list);
  return {
    ...part,
    inputs(machine) {
      const own = part.inputs(machine);
      return { ...own, root: import.meta.dirname, files: [...(own.files ?? []), requirements] };
    },
    programs: { ...part.programs, uv: join(wheelsFolder, "bin", "uv") },
    async build(job) {
      await part.build({ ...job, wanted: job.wanted.filter((name) => name in part.programs) });
      const target = join(job.folder, wheelsFolder);
      mkdirSync(target);
      await runLogged({
        command: requirePython(job.machine),
        args: [
          ...["-m", "pip", "install", "--no-cache-dir", "--no-compile", "--no-deps", "--target", target],
          ...["--require-hashes", "--only-binary=:all:", "-r", requirements],
        ],
        env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1", TMPDIR: job.scratch },
        log: job.log,
      });
    },
  };
}
