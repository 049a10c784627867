/** How long each step took last time on this machine, in seconds. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export interface Timings {
  /** Seconds that the step took last time; undefined when it never ended here. */
  last(step: string): number | undefined;
  record(step: string, seconds: number): void;
}

export function timingsIn(file: string): Timings {
  return {
    last: (step) => read(file)[step],
    record(step, seconds) {
      // Read again at the last moment: another command may have added its own.
      const all = { ...read(file), [step]: Math.round(seconds * 10) / 10 };
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(all, null, 1)}\n`);
      renameSync(`${file}.${process.pid}`, file);
    },
  };
}

function read(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, number>;
  } catch (error) {
    // A damaged file costs an estimate, never a build.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}
