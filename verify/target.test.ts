import { describe, expect, it } from "vitest";
import { parseTargets } from "./target.ts";
import { goodAzureTarget } from "./testing/good-azure.ts";
import { goodGoogleTarget } from "./testing/good-google.ts";
import { goodTarget } from "./testing/good-plane.ts";
import { goodControlPlane } from "./testing/good-region.ts";

describe("a target's file", () => {
  it.each([
    ["a customer's plane", goodTarget, { customer: goodTarget }],
    ["one on Google Cloud", goodGoogleTarget, { google: goodGoogleTarget }],
    ["one on Azure", goodAzureTarget, { azure: goodAzureTarget }],
    ["the region's alone", { controlPlane: goodControlPlane }, { controlPlane: goodControlPlane }],
    [
      "both",
      { ...goodTarget, controlPlane: goodControlPlane },
      { customer: goodTarget, controlPlane: goodControlPlane },
    ],
  ])("may name %s", (_, raw, targets) => {
    expect(parseTargets(raw, "t.json")).toEqual(targets);
  });

  it.each([
    ["nothing", {}, /--target t\.json is .*org/s],
    [
      "a region with half an account",
      { controlPlane: { ...goodControlPlane, account: "12" } },
      /controlPlane\.account/,
    ],
    ["a project without its accounts", { ...goodGoogleTarget, accounts: undefined }, /accounts/],
    ["a subscription that is no GUID", { ...goodAzureTarget, subscription: "acme" }, /subscription/],
    ["a project and an account on AWS", { ...goodGoogleTarget, account: "222222222222" }, /account/],
    [
      "a password instead of its file",
      { controlPlane: { ...goodControlPlane, database: { host: "h", password: "secret" } } },
      /passwordFile/,
    ],
  ])("is refused when it names %s", (_, raw, words) => {
    expect(() => parseTargets(raw, "t.json")).toThrow(words);
  });
});
