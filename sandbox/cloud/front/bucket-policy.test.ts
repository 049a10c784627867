import { describe, expect, test } from "vitest";
import { judgeablePart } from "./bucket-policy.ts";

const tls = { Effect: "Deny", Principal: "*", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } };
const oldTls = { ...tls, Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } };
const service = { Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "s3:PutObject" };
const policy = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });

describe("judgeablePart", () => {
  test("is the whole policy where the object store knows everything in it", () => {
    expect(judgeablePart(policy(tls))).toBe(policy(tls));
  });

  test("leaves out services of AWS's and conditions that the object store refuses", () => {
    expect(judgeablePart(policy(service, tls, oldTls))).toBe(policy(tls));
    expect(judgeablePart(policy(service, oldTls))).toBeUndefined();
  });

  test("is the same text where it is no policy, so that the object store refuses it", () => {
    expect(judgeablePart("{ not json")).toBe("{ not json");
    expect(judgeablePart("[]")).toBe("[]");
  });
});
