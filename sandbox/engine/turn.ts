/**
 * One operation at a time on a stack, across processes. The engine has a lock of its own, but it outlives a killed
 * process; this one names its holder, so that what is left behind can be told from what is going on.
 */
import { readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../shared/errors.ts";
import type { StackLayout } from "./layout.ts";

interface Holder {
  pid: number;
  /** Start time in clock ticks since boot: with the pid it names one process for good. */
  started: string;
}

/** Runs `work` as the only one on the stack; ends engine processes that a killed run left behind. */
export async function takeTurn<T>(layout: StackLayout, work: () => Promise<T>): Promise<T> {
  const file = join(layout.folder, "turn.json");
  const holder = holderOf(file);
  if (holder && startOf(holder.pid) === holder.started) {
    throw new UserError(`Stack ${layout.name} is being changed by process ${holder.pid}: wait for it, or end it.`);
  }
  writeFileSync(`${file}.new`, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  renameSync(`${file}.new`, file);
  try {
    await endOrphans(layout);
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Processes of the stack's engine: they run in its folder. */
export function enginesOf({ folder }: StackLayout): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => linkOf(pid, "cwd") === folder && basename(linkOf(pid, "exe") ?? "") === "pulumi");
}

/** Engines while nobody has the turn: their parent was killed. */
async function endOrphans(layout: StackLayout): Promise<void> {
  for (const pid of enginesOf(layout)) {
    const started = startOf(pid);
    process.kill(pid, "SIGKILL");
    while (started !== undefined && startOf(pid) === started) await sleep(10);
  }
}

function holderOf(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function linkOf(pid: number, name: "cwd" | "exe"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Undefined for a process that is gone, or dead and not yet collected. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "");
}
