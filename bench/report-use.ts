/** Loaded into a program's process by NODE_OPTIONS: writes what it used to BIPLANE_USE_FILE at its end. */
import { writeFileSync } from "node:fs";

const file = process.env.BIPLANE_USE_FILE;
if (file) {
  process.on("exit", () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const use = { mebibytes: maxRSS / 1024, processorSeconds: (userCPUTime + systemCPUTime) / 1_000_000 };
    writeFileSync(file, JSON.stringify(use));
  });
}
