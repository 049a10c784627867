import { describe, expect, it } from "vitest";
import { reportOf } from "../recording.ts";
import { recordingOf, withoutDeny } from "../testing/recording.ts";
import { renderJunit } from "./junit.ts";

const selection = { only: ["NS-03", "NS-04"] };

describe("the JUnit report", () => {
  it("has a failure for a finding, and a skipped case, not a passed one, when somebody answers for it", () => {
    const open = reportOf(recordingOf(withoutDeny, { selection }));
    expect(renderJunit(open)).toMatch(/tests="2" failures="1" skipped="0"[\s\S]*<failure message="Namespace/);
    const fingerprint = open.checks.flatMap(({ findings }) => findings).find(({ ok }) => !ok)?.fingerprint ?? "";
    const waiver = {
      check: "NS-04",
      fingerprint,
      owner: "jane@example.test",
      reason: "moves away",
      expires: "2026-03-02",
    };
    const waived = renderJunit(reportOf(recordingOf(withoutDeny, { selection, waivers: [waiver] })));
    expect(waived).toMatch(
      /failures="0" skipped="1"[\s\S]*<skipped message="WAIVED until 2026-03-02 by jane@example.test: /,
    );
  });
});
