import { describe, expect, it } from "vitest";
import { parsePolicy } from "../iam-policy.ts";
import { simulate } from "./simulate.ts";
import type { World } from "./world.ts";

const account = "222222222222";
const reader = `arn:aws:iam::${account}:role/reader`;

function worldWith(statement: object): World {
  const document = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: [statement] }));
  return { account, entities: [{ arn: reader, kind: "role", inline: [{ document }], attached: [] }] };
}

const read = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::a/*" };

describe("a question to one principal", () => {
  it.each([
    ["allowed", read, "arn:aws:s3:::a/x"],
    ["denied", read, "arn:aws:s3:::b/x"],
    ["undecided", { ...read, Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } }, "arn:aws:s3:::a/x"],
  ])("is %s", (answer, statement, resource) => {
    expect(simulate(worldWith(statement), reader, { action: "s3:GetObject", resource })).toBe(answer);
  });

  it("does not go by others: who may take a role is not who holds it", () => {
    const takes = { Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" };
    const goal = { action: "s3:GetObject", resource: "arn:aws:s3:::a/x" };
    expect(simulate(worldWith(takes), reader, goal)).toBe("denied");
  });

  it("refuses to answer for somebody who is not there", () => {
    const goal = { action: "s3:GetObject", resource: "arn:aws:s3:::a/x" };
    expect(() => simulate(worldWith(read), "arn:aws:iam::1:role/nobody", goal)).toThrow(/nobody/);
  });
});
