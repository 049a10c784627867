/** Runs one command of a build: all it says goes to a log, its last line to the progress, its end to the error. */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { UserError } from "../../shared/errors.ts";

export interface BuildCommand {
  command: string;
  args: string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Appended to. */
  log: string;
  /**
   * False for what must not be cut short, such as a package manager at work. Everything else dies with this process,
   * children and mounts too, even if it is killed. @default true
   */
  contained?: boolean;
  /** Each line of output; may be many a second. */
  onLine?(line: string): void;
}

/** A process and mount namespace of its own: when its first process ends, the kernel ends and unmounts all the rest. */
const containment = [
  "setpriv --pdeathsig KILL --",
  "unshare --pid --fork --kill-child=KILL --mount-proc --mount --propagation private --",
].flatMap((words) => words.split(" "));

/**
 * @returns what the command wrote to its standard output.
 * @throws UserError (exit code 1) with the end of the log when the command fails.
 */
export async function runLogged(job: BuildCommand): Promise<string> {
  mkdirSync(dirname(job.log), { recursive: true });
  const log = createWriteStream(job.log, { flags: "a" });
  log.write(`\n$ ${[job.command, ...job.args].join(" ")}\n`);
  const [command = "", ...args] = [...(job.contained === false ? [] : containment), job.command, ...job.args];
  const child = spawn(command, args, {
    cwd: job.cwd,
    env: job.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      log.write(`${line}\n`);
      if (stream === child.stdout) output += `${line}\n`;
      job.onLine?.(line);
    });
  }
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => resolve(status ?? signal ?? 1));
  }).finally(() => new Promise((resolve) => log.end(resolve)));
  if (code === 0) return output;
  const tail = readFileSync(job.log, "utf8").trimEnd().split("\n").slice(-12).join("\n");
  throw new UserError(`${job.command} ${job.args[0] ?? ""} failed (${code}). The end of ${job.log}:\n${tail}`, {
    exitCode: 1,
  });
}
