/** Resident memory of the platform's own processes, as the machine sees them. */
import { processIds, readProc } from "../../shared/proc.ts";

/** @param services such as `relay`. @returns MiB of each one's process; several pods of one are added up. */
export function memoryOf(services: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const pid of processIds()) {
    const name = /\/app\/(?:control|data)\/(\w+)\.mjs/.exec(readProc(pid, "cmdline"))?.[1];
    const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readProc(pid, "status"))?.[1];
    if (name && kibibytes && services.includes(name)) found[name] = (found[name] ?? 0) + Number(kibibytes) / 1024;
  }
  return found;
}
