/** `./biplane` as a person runs it. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checkout } from "./paths.ts";

export interface Ended {
  exitCode: number;
  output: string;
}

export interface KillPoint {
  /** Title of the step in which to kill: the line that begins it, since earlier ones tell what is still to come. */
  after: string;
  delayMs: number;
}

export interface BiplaneOptions {
  /** Sends SIGKILL to the command alone, as the machine's memory killer would. @default never */
  kill?: KillPoint;
  /** Folder of the checkout. @default this one */
  from?: string;
}

export function biplane(
  args: string[],
  { kill, from = checkout }: BiplaneOptions = {},
): Promise<Ended & { killed: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(from, "biplane"), args, { cwd: from, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let killed = false;
    const hear = (text: string) => {
      output += text;
      if (!kill || killed || !output.includes(`] ${kill.after}`)) return;
      killed = true;
      void sleep(kill.delayMs).then(() => child.kill("SIGKILL"));
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? -1, output, killed }));
  });
}
