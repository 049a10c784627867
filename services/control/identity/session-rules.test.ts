import { describe, expect, it } from "vitest";
import {
  challengeOf,
  type FoundSecret,
  judgeSecret,
  newUserCode,
  readUserCode,
  refreshLeeway,
  type SecretKind,
} from "./session-rules.ts";

// RFC 7636, appendix B.
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const found = (kind: SecretKind, more: Partial<FoundSecret> = {}): FoundSecret => ({
  ...{ kind, challenge: kind === "code" ? challenge : "", expired: false, usedSecondsAgo: null, sessionOver: false },
  ...more,
});

describe("what somebody shows for a token", () => {
  it.each(["code", "device", "refresh"] as const)("is good once: a %s", (kind) => {
    expect(judgeSecret(found(kind), kind, verifier)).toBe("good");
    expect(judgeSecret(found(kind, { expired: true }), kind, verifier)).toBe("over");
    expect(judgeSecret(found(kind, { sessionOver: true }), kind, verifier)).toBe("over");
    expect(judgeSecret(found(kind, { usedSecondsAgo: refreshLeeway + 1 }), kind, verifier)).toBe("replayed");
    expect(judgeSecret(found(kind, { usedSecondsAgo: refreshLeeway + 1, expired: true }), kind)).toBe("replayed");
  });

  it("is good again only of a refresh token, within the leeway", () => {
    const used = { usedSecondsAgo: refreshLeeway };
    const verdicts = (["code", "device", "refresh"] as const).map((kind) =>
      judgeSecret(found(kind, used), kind, verifier),
    );
    expect(verdicts).toEqual(["replayed", "replayed", "good"]);
  });

  it("is nothing else than it was given as", () => {
    expect(judgeSecret(found("code"), "refresh")).toBe("over");
    expect(judgeSecret(found("refresh"), "code", verifier)).toBe("over");
    expect(judgeSecret(found("device"), "refresh")).toBe("over");
  });

  it("needs the verifier where it is a code", () => {
    expect(challengeOf(verifier)).toBe(challenge);
    expect(judgeSecret(found("code"), "code")).toBe("mismatched");
    expect(judgeSecret(found("code"), "code", challenge)).toBe("mismatched");
  });
});

describe("a user code", () => {
  it("is drawn from letters that make no word and look like nothing else", () => {
    let next = 0;
    expect(newUserCode((below) => next++ % below)).toBe("BCDF-GHJK");
    expect(newUserCode((below) => below - 1)).toBe("ZZZZ-ZZZZ");
  });

  it("is read as people type it", () => {
    for (const typed of ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk\n", "BC-DF-GH-JK"]) {
      expect(readUserCode(typed)).toBe("BCDF-GHJK");
    }
    for (const typed of ["", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "<b>", `BCDFGHJK${" ".repeat(9999)}X`.slice(1)]) {
      expect(readUserCode(typed)).toBeUndefined();
    }
  });
});
