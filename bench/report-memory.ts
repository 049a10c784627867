/** Loaded into a program's process by NODE_OPTIONS: writes its greatest resident size, in KiB, to BIPLANE_MEMORY_FILE. */
import { writeFileSync } from "node:fs";

const file = process.env.BIPLANE_MEMORY_FILE;
if (file) process.on("exit", () => writeFileSync(file, String(process.resourceUsage().maxRSS)));
