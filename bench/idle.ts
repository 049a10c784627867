/** What the local run costs when nobody uses it: processor time and memory of its processes and its pods' processes. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Paths } from "../sandbox/paths.ts";
import { recordedProcesses, runningPid } from "../sandbox/processes.ts";
import { processIds, readProc } from "../shared/proc.ts";

const ticksPerSecond = 100;

export interface IdleCost {
  cores: number;
  /** Proportional set size: shared pages are counted once. */
  gibibytes: number;
  processes: number;
}

/** Samples for `seconds`. Counts the recorded processes, all their descendants, and all in the nodes' cgroups. */
export async function measureIdle(paths: Paths, seconds: number): Promise<IdleCost> {
  const before = sample(paths);
  await sleep(seconds * 1000);
  const after = sample(paths);
  const ticks = [...after].map(([pid, used]) => used.ticks - (before.get(pid)?.ticks ?? used.ticks));
  const kibibytes = [...after.values()].reduce((sum, { pss }) => sum + pss, 0);
  return {
    cores: ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond / seconds,
    gibibytes: kibibytes / 1024 / 1024,
    processes: after.size,
  };
}

function sample(paths: Paths): Map<number, { ticks: number; pss: number }> {
  const own = new Set(recordedProcesses(paths).flatMap((name) => runningPid(paths, name) ?? []));
  const rows = processIds().flatMap((pid) => {
    const stat = readProc(pid, "stat");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields.length < 14) return [];
    return [{ pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
  });
  for (let grew = true; grew; ) {
    grew = false;
    for (const { pid, parent } of rows) {
      if (own.has(pid) || !(own.has(parent) || readProc(pid, "cgroup").includes("/biplane-"))) continue;
      own.add(pid);
      grew = true;
    }
  }
  return new Map(
    rows
      .filter(({ pid }) => own.has(pid))
      .map(({ pid, ticks }) => {
        const pss = /^Pss:\s+(\d+)/m.exec(readProc(pid, "smaps_rollup"))?.[1];
        return [pid, { ticks, pss: Number(pss ?? 0) }];
      }),
  );
}
