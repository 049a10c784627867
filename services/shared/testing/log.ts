/** A logger that keeps its lines, so that tests can look for what must, and must not, be there. */
import { createLogger, type Logger } from "../log.ts";

export function recordingLog(service = "test"): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  return { log: createLogger(service, { level: "debug", write: (line) => lines.push(line) }), lines };
}
