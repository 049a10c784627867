import { describe, expect, it } from "vitest";
import { createLogger } from "./log.ts";
import { redact, redactText } from "./redact.ts";

describe("what a log shows of a text with a secret", () => {
  it.each([
    ["a bearer token", "authorization: Bearer abc.def-123", "abc.def"],
    ["basic credentials", "Authorization=Basic YWNtZTpzM2NyZXQ=", "YWNtZTpzM2NyZXQ"],
    ["a token alone", "got eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln back", "eyJzdWIi"],
    ["a presigned URL", "GET https://b.s3.test/k?X-Amz-Date=1&X-Amz-Signature=feed done", "feed"],
    ["a presigned URL of GCS", "https://h.test/k?X-Goog-Signature=feed", "feed"],
    ["a SAS", "https://h.test/k?sv=1&sig=feed%3D", "feed"],
    ["a part of a presigned query", "X-Amz-Credential=feed/2026&x", "feed"],
    ["a password in a URL", "postgres://runtime:hunter2@db:5432/x", "hunter2"],
    ["an access key id", "key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSF"],
    ["a password", 'password="hunter2"', "hunter2"],
    ["a client secret in JSON", '{"client_secret":"hunter2"}', "hunter2"],
    ["a private key", "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----", "MIGH"],
    ["half of a private key", "-----BEGIN EC PRIVATE KEY-----\nMIGH", "MIGH"],
  ])("hides %s", (_what, text, secret) => {
    expect(redactText(text)).not.toContain(secret);
    expect(redactText(text)).toContain("[redacted]");
  });

  it("keeps what is no secret", () => {
    const text = "the token endpoint of https://h.test/oauth2/v1/token?x=1 answered 401 to acme-admin";
    expect(redactText(text)).toBe(text);
  });
});

describe("what a log shows of a value", () => {
  it("hides by key, at any depth", () => {
    const seen = JSON.stringify(
      redact({ a: { signedUrl: "u", clientSecret: "s", list: [{ authorization: "x" }] }, org: "acme" }),
    );
    expect(seen).toBe(
      '{"a":{"signedUrl":"[redacted]","clientSecret":"[redacted]","list":[{"authorization":"[redacted]"}]},"org":"acme"}',
    );
  });

  it("hides in the message, stack and cause of an error", () => {
    const error = new Error("password=hunter2", { cause: new Error("Bearer hunter2") });
    expect(JSON.stringify(redact({ error }))).not.toContain("hunter2");
  });

  it("survives circles and counts bytes", () => {
    const circle: Record<string, unknown> = { bytes: new Uint8Array(3) };
    circle.self = circle;
    expect(JSON.stringify(redact(circle))).toContain("[3 bytes]");
  });
});

it("writes one JSON line with time, level, service and fields", () => {
  const lines: string[] = [];
  const log = createLogger("relay", { level: "info", write: (line) => lines.push(line) }).with({ org: "acme" });
  log.debug("not shown");
  log.info("a\nb", { secret: "x" });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "info",
    service: "relay",
    message: "a\nb",
    org: "acme",
    secret: "[redacted]",
  });
});
