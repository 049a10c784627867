/** The image of tasks that work on dataframes: the image of tasks, with pandas and pyarrow in one more layer. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../context.ts";
import { contentKey } from "../toolchain/content-key.ts";
import { runLogged } from "../toolchain/run.ts";
import type { Builder } from "./buildah.ts";
import type { ImagePlan } from "./plan.ts";
import { taskPlan } from "./task.ts";

const requirements = join(import.meta.dirname, "../toolchain/python/dataframes.txt");
/** Where the image of tasks, whose Python is Debian's 3.11, looks for packages. */
const packagesFolder = "/usr/local/lib/python3.11/dist-packages";

export function dataframesPlan(): ImagePlan<"dataframes"> {
  const task = taskPlan();
  const root = join(import.meta.dirname, "..");
  const key = contentKey({ root, files: [requirements, import.meta.filename], values: { task: task.key } });
  const image = `localhost/biplane/dataframes:${key}`;
  return {
    name: "dataframes",
    key,
    image,
    keep: [...task.keep, image],
    async make(sandbox: Sandbox, builder: Builder, scratch: string) {
      if (!(await builder.has(task.image))) {
        const room = join(scratch, "task");
        mkdirSync(room);
        await task.make(sandbox, builder, room);
      }
      sandbox.progress("dataframes image: pandas and pyarrow");
      const packages = join(scratch, "packages");
      await download(sandbox, packages, builder.log);
      const names = readdirSync(packages, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      const folders = names.map(({ name }) => join(packagesFolder, name));
      await builder.make({
        image,
        from: task.image,
        add: [{ from: packages, to: packagesFolder }],
        // As in the image of tasks: a pod cannot keep what it compiles, and layers have a fixed time.
        run: [["python3", "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", ...folders]],
      });
    },
  };
}

/** For the image's Python and Debian's glibc 2.36, whatever this machine's are. */
async function download(sandbox: Sandbox, target: string, log: string): Promise<void> {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  const platforms = ["2014", "_2_24", "_2_27", "_2_28"].map((tag) => `manylinux${tag}_${machine}`);
  await runLogged({
    command: sandbox.tools.python.client,
    args: [
      ...["-m", "pip", "install", "--no-cache-dir", "--no-compile", "--no-deps", "--require-hashes"],
      ...["--target", target, "--only-binary=:all:", "--implementation=cp", "--python-version=3.11"],
      ...[...platforms.flatMap((platform) => ["--platform", platform]), "-r", requirements],
    ],
    log,
  });
  // Their command line tools, for people who compile against them; and their own tests, a tenth of the whole.
  for (const name of ["bin", "pandas/tests", "pyarrow/tests"]) rmSync(join(target, name), { recursive: true });
}
