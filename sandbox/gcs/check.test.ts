/** Against Google's own published vectors: URLs that Google's key signed are let in, and nothing that is changed in them. */
import { createPublicKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkSigned } from "./check.ts";
import { account, publicKey, vectors } from "./testing/vectors.ts";

const keyOf = (name: string) => (name === account ? createPublicKey(publicKey) : undefined);

function received({ method, headers = {}, expectedUrl }: (typeof vectors)[number]) {
  const url = new URL(expectedUrl);
  const names = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  // As it stands: a parser would write it anew.
  const target = expectedUrl.slice(expectedUrl.indexOf("/", 8));
  return { method, target, headers: { ...Object.fromEntries(names), host: url.host } };
}

describe.each(vectors)("the published URL of $description", (vector) => {
  const begins = Date.parse(vector.timestamp);
  const request = received(vector);

  it("is let in for its time, and not a moment longer", () => {
    expect(checkSigned(request, keyOf, begins)).toMatchObject({ account });
    expect(checkSigned(request, keyOf, begins + vector.expiration * 1_000 - 1)).toMatchObject({ account });
    const over = checkSigned(request, keyOf, begins + vector.expiration * 1_000);
    expect(over).toMatchObject({ status: 400, code: "ExpiredToken" });
  });

  it("is refused when anything in it is another", () => {
    const others = [
      { ...request, method: "DELETE" },
      { ...request, target: request.target.replace("?", "2?") },
      { ...request, target: `${request.target}&userProject=other` },
      { ...request, target: request.target.replace(/Expires=\d+/, "Expires=3600") },
      { ...request, target: request.target.replace(/Signature=..../, "Signature=0000") },
      { ...request, headers: { ...request.headers, host: "other.test" } },
      ...Object.keys(vector.headers ?? {}).map((name) => {
        return { ...request, headers: { ...request.headers, [name.toLowerCase()]: "another" } };
      }),
    ];
    for (const other of others) {
      expect(checkSigned(other, keyOf, begins)).toMatchObject({ status: 403, code: "SignatureDoesNotMatch" });
    }
  });
});

describe("a signed request", () => {
  const request = received(vectors[0] ?? expect.unreachable("there are vectors"));
  const begins = Date.parse("2019-02-01T09:00:00Z");
  it.each<[string, (target: string) => string, number]>([
    ["without its signature", (target) => target.replace(/&X-Goog-Signature=.*/, ""), 400],
    ["with two lives", (target) => `${target}&X-Goog-Expires=10`, 400],
    ["of another account", (target) => target.replace("test-iam", "other-iam"), 403],
    ["with a life beyond a week", (target) => target.replace("Expires=10", "Expires=604801"), 400],
    ["whose host is not signed", (target) => target.replace("SignedHeaders=host", "SignedHeaders=range"), 400],
    ["of another algorithm", (target) => target.replace("RSA-SHA256", "HMAC-SHA256"), 400],
  ])("is refused %s", (_, change, status) => {
    expect(checkSigned({ ...request, target: change(request.target) }, keyOf, begins)).toMatchObject({ status });
  });

  it("is refused with a header of Cloud Storage that is not signed, without one that is, and before its time", () => {
    const more = { ...request, headers: { ...request.headers, "x-goog-acl": "public-read" } };
    expect(checkSigned(more, keyOf, begins)).toMatchObject({ status: 400, code: "MalformedSecurityHeader" });
    const put = received(vectors.find(({ headers }) => headers?.BAR) ?? expect.unreachable("one has headers"));
    const { bar: _, ...headers } = { bar: "", ...put.headers };
    const less = checkSigned({ ...put, headers }, keyOf, begins);
    expect(less).toMatchObject({
      status: 400,
      code: "MalformedSecurityHeader",
      message: "bar is signed and was not sent",
    });
    expect(checkSigned(request, keyOf, begins - 16 * 60_000)).toMatchObject({ code: "RequestTimeTooSkewed" });
  });
});
