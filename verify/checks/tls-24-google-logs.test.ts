import { describe, expect, it } from "vitest";
import { goodGoogleFacts, goodGoogleTarget } from "../testing/good-google.ts";
import { googleLogsByTls as check } from "./tls-24-google-logs.ts";

/** What is wrong where port 80 answers so. */
function wrong(told: string): string[] {
  const facts = goodGoogleFacts();
  for (const host of facts.probedLogs) host.plain = { outcome: "answered", told };
  const findings = check.evaluate(facts, { google: goodGoogleTarget });
  return findings.filter(({ ok }) => !ok).map(({ evidence }) => evidence);
}

describe("TLS-24", () => {
  it("takes port 80 for closed only where it refuses for being asked in clear", () => {
    expect(wrong("HTTP/1.1 403 Forbidden; SSL is required to perform this operation.")).toEqual([]);
    for (const told of [
      "HTTP/1.1 200 OK",
      "HTTP/1.1 403 Forbidden",
      "HTTP/1.1 401 Unauthorized; Request is missing required authentication credential.",
      "HTTP/1.1 200 OK; SSL is required",
    ])
      expect(wrong(told)).toEqual([`answers in clear: ${told}`]);
    // Whoever is led to TLS has said the line in clear before, but nobody took it.
    expect(wrong("HTTP/1.1 301 Moved Permanently; location: https://logging.googleapis.com/")).toEqual([]);
  });

  it("asks of Cloud Logging's own host where no other stands for it", () => {
    const { endpointUrl: _, ...google } = goodGoogleTarget.google;
    const findings = check.evaluate(
      { ...goodGoogleFacts(), probedLogs: [] },
      { google: { ...goodGoogleTarget, google } },
    );
    expect(findings.at(-1)).toMatchObject({ ok: false, subject: "logging.googleapis.com", evidence: "was not asked" });
  });
});
