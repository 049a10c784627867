import { expect, test } from "vitest";
import { judgeToken, type TokenContext } from "./eks-token.ts";

// Made by `aws eks get-token --cluster-name acme-customer --region us-east-2` (awscli, endpoint https://aws.biplane.test)
// with the access key below, at 2026-11-22T17:46:06Z.
const url =
  "https://aws.biplane.test/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256" +
  "&X-Amz-Credential=AKIDEXAMPLE%2F20261122%2Fus-east-2%2Fsts%2Faws4_request&X-Amz-Date=20261122T174606Z" +
  "&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id" +
  "&X-Amz-Signature=4cef0ab6070ad43de2817c55cfa2109a1a4523f804858d2fb6de3819c8853dc9";

const context: TokenContext = {
  now: new Date("2026-11-22T17:50:00Z"),
  host: "aws.biplane.test",
  clusterName: "acme-customer",
  secretOf: (id) => (id === "AKIDEXAMPLE" ? "example-secret" : undefined),
};

const tokenOf = (presigned: string): string => `k8s-aws-v1.${Buffer.from(presigned).toString("base64url")}`;
const token = tokenOf(url);

test("a token of aws eks get-token names the key that signed it", () => {
  expect(judgeToken(token, context)).toEqual({ accepted: true, accessKeyId: "AKIDEXAMPLE" });
});

test("a token lives for 15 minutes, although it says 60 seconds, and no longer", () => {
  const at = (time: string) => judgeToken(token, { ...context, now: new Date(time) });
  expect(at("2026-11-22T18:01:06Z").accepted).toBe(true);
  expect(at("2026-11-22T18:01:07Z")).toEqual({ accepted: false, reason: "expired" });
  expect(at("2026-11-22T17:45:05Z")).toEqual({ accepted: false, reason: "not yet valid" });
});

test("a token for one cluster is refused by another", () => {
  expect(judgeToken(token, { ...context, clusterName: "acme-region" }).accepted).toBe(false);
});

test("a token by a key that is not known here, or by another secret, is refused", () => {
  expect(judgeToken(token, { ...context, secretOf: () => undefined })).toEqual({
    accepted: false,
    reason: "unknown access key",
  });
  expect(judgeToken(token, { ...context, secretOf: () => "another-secret" }).accepted).toBe(false);
});

const altered = "signature of another key, request or cluster";
const sts = "not signed for STS";

// The reason shows that each rule stands by itself, and is not left to the signature alone.
test.each([
  ["another action", url.replace("GetCallerIdentity", "GetSessionToken"), "not a call of GetCallerIdentity"],
  ["another path", url.replace("test/?", "test/x?"), "not a call of GetCallerIdentity"],
  ["a parameter given twice", `${url}&Action=GetCallerIdentity`, "not a call of GetCallerIdentity"],
  ["another algorithm", url.replace("SHA256", "SHA1"), "unknown algorithm"],
  ["another host", url.replace("aws.biplane.test", "sts.example.test"), "not made for aws.biplane.test"],
  ["another service", url.replace("%2Fsts%2F", "%2Fs3%2F"), sts],
  ["another kind of scope", url.replace("aws4_request", "aws5_request"), sts],
  ["no date", url.replace("20261122T174606Z", "yesterday"), "no date"],
  ["a date that is not the scope's", url.replace("20261122T", "20261121T"), "no date"],
  ["a cluster that is not signed", url.replace("host%3Bx-k8s-aws-id", "host"), "does not sign host;x-k8s-aws-id"],
  ["another region", url.replace("us-east-2", "us-west-2"), altered],
  ["a later date", url.replace("T174606Z", "T174706Z"), altered],
  ["a longer life", url.replace("Expires=60", "Expires=600"), altered],
  ["one more parameter", `${url}&Extra=1`, altered],
  ["no signature", url.replace(/&X-Amz-Signature=.*/, ""), altered],
  ["a cut signature", url.slice(0, -1), altered],
])("a request with %s is refused", (_, presigned, reason) => {
  expect(judgeToken(tokenOf(presigned), context)).toEqual({ accepted: false, reason });
});

test("what is no presigned request is refused", () => {
  for (const text of ["", "k8s-aws-v1.", "k8s-aws-v1.bm90IGEgdXJs", Buffer.from(url).toString("base64url"), url])
    expect(judgeToken(text, context)).toEqual({ accepted: false, reason: "not a token of aws eks get-token" });
});
