/** The platform's own processes, as the machine sees them: several pods of one service are added up. */
import { processIds, readProc } from "../../shared/proc.ts";

const mebibyte = 1024 * 1024;

/** @param services such as `relay`. @returns MiB of resident memory of each. */
export const memoryOf = (services: readonly string[]) =>
  sumOver(services, (pid) => (numberIn(readProc(pid, "status"), /^VmRSS:\s+(\d+)/m) * 1024) / mebibyte);

/** @returns MiB that each has had written to a disk since it began. */
export const writtenBy = (services: readonly string[]) => sumOver(services, writtenByProcess);

/** In MiB. */
export const writtenByProcess = (pid: number) => numberIn(readProc(pid, "io"), /^write_bytes: (\d+)/m) / mebibyte;

/** @param service such as `tunnel`. Ids of all its processes that run now. */
export const pidsOf = (service: string) =>
  processIds().filter((pid) => readProc(pid, "cmdline").includes(`/${service}.mjs`));

function sumOver(services: readonly string[], measure: (pid: number) => number): Record<string, number> {
  const found: Record<string, number> = {};
  for (const pid of processIds()) {
    const name = /\/app\/(?:control|data)\/(\w+)\.mjs/.exec(readProc(pid, "cmdline"))?.[1];
    if (name && services.includes(name)) found[name] = (found[name] ?? 0) + measure(pid);
  }
  return found;
}

/** Of a process that ended meanwhile there is nothing. */
function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
