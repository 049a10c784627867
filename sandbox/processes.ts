/**
 * Processes that outlive the command that starts them. Each writes its own record before it becomes the program, so
 * that a command killed between start and record cannot leave a process that nobody knows.
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../shared/errors.ts";
import type { Paths } from "./paths.ts";

export interface ProcessSpec {
  name: string;
  command: string;
  args: string[];
  /** Network namespace to enter. `nsenter`, since `ip netns exec` hides the cgroups that a kubelet needs. */
  namespace?: string;
  /** Mount namespace to enter: a file that it is mounted on. */
  mountNamespace?: string;
  /** Seen by it alone in place of /etc/hosts. */
  hostsFile?: string;
  env?: Record<string, string>;
  /** Run as this uid and gid. */
  user?: { uid: number; gid: number };
  cwd?: string;
}

interface ProcessRecord {
  pid: number;
  /** Start time in clock ticks since boot: with the pid it names one process for good. */
  started: string;
}

/** A mount namespace that ends with the process. The file comes next. */
const withHosts = [
  ...["unshare", "--mount", "--propagation", "slave", "--"],
  ...["sh", "-c", 'mount --bind "$1" /etc/hosts && shift && exec "$@"', "biplane"],
];

/** Starts the process unless it already runs. @returns its pid. */
export async function ensureProcess(paths: Paths, spec: ProcessSpec): Promise<number> {
  const running = runningPid(paths, spec.name);
  if (running !== undefined) return running;
  mkdirSync(paths.processes, { recursive: true, mode: 0o700 });
  mkdirSync(paths.logs, { recursive: true, mode: 0o700 });
  const record = join(paths.processes, spec.name);
  rmSync(record, { force: true });
  // The shell's own pid and start time stay the program's after exec. No record (the folder is gone), no program.
  const announce =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: shell, not a template.
    'f=$1; shift; read -r stat < /proc/$$/stat; echo "$$ ${stat##*) }" > "$f.new" && mv "$f.new" "$f" && exec "$@"';
  const namespaces = [
    ...(spec.namespace ? [`--net=/run/netns/${spec.namespace}`] : []),
    ...(spec.mountNamespace ? [`--mount=${spec.mountNamespace}`] : []),
  ];
  const enter = namespaces.length > 0 ? ["nsenter", ...namespaces, "--"] : [];
  const resolve = spec.hostsFile === undefined ? [] : [...withHosts, spec.hostsFile];
  const become = spec.user
    ? ["setpriv", `--reuid=${spec.user.uid}`, `--regid=${spec.user.gid}`, "--clear-groups", "--"]
    : [];
  const log = openSync(join(paths.logs, `${spec.name}.log`), "a", 0o600);
  const child = spawn(
    "sh",
    ["-c", announce, "biplane", record, ...enter, ...resolve, ...become, spec.command, ...spec.args],
    {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: spec.cwd ?? paths.state,
      env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/root", ...spec.env },
    },
  );
  closeSync(log);
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  child.unref();
  for (let waited = 0; waited < 5_000; waited += 10) {
    const pid = runningPid(paths, spec.name);
    if (pid !== undefined) return pid;
    await Promise.race([sleep(10), failed]);
  }
  throw new UserError(`${spec.name} did not start: see ${join(paths.logs, `${spec.name}.log`)}`, { exitCode: 1 });
}

/** Throws with the end of its log when the process is gone. */
export function requireRunning(paths: Paths, name: string): void {
  if (runningPid(paths, name) !== undefined) return;
  const log = join(paths.logs, `${name}.log`);
  const tail = existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(-12).join("\n") : "(no log)";
  throw new UserError(`${name} has stopped. The end of ${log}:\n${tail}`, { exitCode: 1 });
}

/** The recorded process, if it is still the same one. */
export function runningPid(paths: Paths, name: string): number | undefined {
  const record = readRecord(join(paths.processes, name));
  return record && startOf(record.pid) === record.started ? record.pid : undefined;
}

export function recordedProcesses(paths: Paths): string[] {
  return existsSync(paths.processes) ? readdirSync(paths.processes).filter((name) => !name.endsWith(".new")) : [];
}

/** Ends a recorded process and waits: SIGTERM, then SIGKILL after `graceMs`. Does nothing if it is gone. */
export async function stopProcess(paths: Paths, name: string, graceMs = 5_000): Promise<void> {
  const pid = runningPid(paths, name);
  if (pid !== undefined) {
    signal(pid, "SIGTERM");
    const killAt = Date.now() + graceMs;
    const giveUpAt = killAt + 10_000;
    let killed = false;
    while (runningPid(paths, name) !== undefined) {
      if (!killed && Date.now() > killAt) {
        signal(pid, "SIGKILL");
        killed = true;
      }
      if (Date.now() > giveUpAt)
        throw new UserError(`${name} (pid ${pid}) does not end, even by SIGKILL`, { exitCode: 1 });
      await sleep(20);
    }
  }
  rmSync(join(paths.processes, name), { force: true });
}

function readRecord(path: string): ProcessRecord | undefined {
  if (!existsSync(path)) return undefined;
  // "<pid> <state> <ppid> …": the fields of /proc/PID/stat from the third on; start time is the 22nd.
  const fields = readFileSync(path, "utf8").trim().split(" ");
  const pid = Number(fields[0]);
  const started = fields[1 + 22 - 3];
  return Number.isInteger(pid) && started ? { pid, started } : undefined;
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[22 - 3];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ESRCH";
}
