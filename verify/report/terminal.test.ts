import { stripVTControlCharacters } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { reportOf } from "../recording.ts";
import { recordingOf, withoutDeny } from "../testing/recording.ts";
import { renderTerminal } from "./terminal.ts";

const report = reportOf(
  recordingOf(withoutDeny, {
    selection: { only: ["NS-03", "NS-04"] },
    standIns: [{ for: "signed URLs", is: "a front of the sandbox's own" }],
  }),
);

function rendered(environment: Record<string, string | undefined>, isTTY: boolean): string {
  for (const name of ["CI", "NO_COLOR", "FORCE_COLOR", "TERM"]) vi.stubEnv(name, environment[name]);
  return renderTerminal(report, { isTTY });
}

describe("the report at a terminal", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is plain in a pipe and in a log, also in CI: it is searched and compared", () => {
    const text = rendered({ CI: "1", TERM: "xterm" }, false);
    expect(text).toMatch(/^PASS {11}NS-03 .*\nFAIL {11}NS-04 /);
    expect(text).toContain("\n  stood in for here: signed URLs (a front of the sandbox's own)\n");
    expect(text).toBe(stripVTControlCharacters(text));
  });

  it("says the same in colours to a person, who may refuse them", () => {
    const plain = rendered({}, false);
    const coloured = rendered({ CI: "1", TERM: "xterm" }, true);
    expect(coloured).toContain("\u001b[31mFAIL");
    expect(stripVTControlCharacters(coloured)).toBe(plain);
    expect(rendered({ CI: "1", TERM: "xterm", NO_COLOR: "1" }, true)).toBe(plain);
  });
});
