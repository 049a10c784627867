import { describe, expect, it } from "vitest";
import { LogEnd } from "./log-end.ts";

const digest = `sha256:${"a1".repeat(32)}`;

function endOf(lines: string[]): string {
  const end = new LogEnd();
  for (const line of lines) end.add(line);
  return String(end);
}

describe("the end of a build's log", () => {
  it("is its last 40 lines, in order", () => {
    const lines = Array.from({ length: 100 }, (_, at) => `#9 0.${at} line ${at}`);
    expect(endOf(lines)).toBe(lines.slice(60).join("\n"));
  });

  it("names no layer that came or was unpacked, and keeps what else is told of one", () => {
    const kept = [
      `#5 [1/3] FROM registry.test/base@${digest}`,
      `#9 0.1 echo ${digest}`,
      `ERROR: failed to copy: ${digest}: not found`,
    ];
    const left = [`#5 ${digest} 1.05MB / 30.24MB 0.2s`, `#5 extracting ${digest}`, `#5 extracting ${digest} 4.6s done`];
    expect(endOf([...left, ...kept, ...left])).toBe(kept.join("\n"));
  });
});
