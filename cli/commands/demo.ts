import { join } from "node:path";
import { partOf } from "../../sandbox/local-run.ts";
import { paths } from "../../sandbox/paths.ts";
import { readyParts } from "../../sandbox/toolchain/index.ts";
import { messageOf } from "../../shared/errors.ts";
import { type CommandOptions, parseOptions } from "../config.ts";
import { checkout } from "../context.ts";
import { down } from "./down.ts";
import { run } from "./run.ts";
import { up } from "./up.ts";
import { verifyCommand } from "./verify.ts";

interface Stage {
  name: string;
  seconds: number;
  exitCode: number;
}

/** The main job: everything up, a real run, verify, one page of summary, everything down again. */
export async function demo({ keep, cloud, ifBuilt, probe }: CommandOptions<"demo">): Promise<number> {
  const part = partOf[cloud ?? "aws"];
  if (ifBuilt && part && !readyParts(paths()).includes(part)) {
    process.stdout.write(
      `The demo with --cloud ${cloud} did not run: it needs \`./biplane up --with ${part}\` once.\n`,
    );
    return 0;
  }
  const stages: Stage[] = [];
  const stage = async (name: string, work: () => Promise<number>): Promise<boolean> => {
    const began = Date.now();
    const exitCode = await work();
    stages.push({ name, exitCode, seconds: (Date.now() - began) / 1000 });
    return exitCode === 0;
  };
  const report = join(paths().cache, "reports");
  const files = {
    json: join(report, "verify.json"),
    junit: join(report, "verify.xml"),
    html: join(report, "verify.html"),
  };
  const hello = { file: join(checkout, "examples/hello.py"), task: "hello", args: ["--name", "Biplane"] };
  const finish = async () => {
    if (!keep) await stage("down", () => down({}));
  };
  try {
    const ok =
      (await stage("up", () => up({ cloud }))) &&
      (await stage("run examples/hello.py", () => run(hello))) &&
      (await stage(probe ? "verify --probe" : "verify", () =>
        verifyCommand(parseOptions("verify", { ...files, probe })),
      ));
    if (!ok) process.stdout.write("The demo stopped at the stage that failed; see above.\n");
  } catch (error) {
    // What failed first is told as the failure, also where what it left could not be cleared away.
    await finish().catch((later: unknown) => process.stderr.write(`down failed as well: ${messageOf(later)}\n`));
    throw error;
  }
  await finish();
  process.stdout.write(summary(stages, report));
  return stages.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0;
}

function summary(stages: Stage[], report: string): string {
  const rows = stages.map(
    ({ name, seconds, exitCode }) =>
      `  ${exitCode === 0 ? "ok    " : "failed"}  ${name.padEnd(24)} ${seconds.toFixed(1).padStart(7)} s`,
  );
  return `\nThe main job\n${rows.join("\n")}\n\nReport: ${report}/verify.html (also .json, .xml). Claims: ./biplane claims\n`;
}
