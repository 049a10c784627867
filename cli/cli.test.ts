import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { phaseIn } from "./commands/run.ts";
import { parseOptions } from "./config.ts";
import { publishedSchemas, schemaFolder } from "./schemas.ts";

describe("the published JSON Schemas", () => {
  it("are what the code says (node cli/schemas.ts)", () => {
    const written = readdirSync(schemaFolder).map((name) => [
      name,
      JSON.parse(readFileSync(join(schemaFolder, name), "utf8")),
    ]);
    expect(Object.fromEntries(written)).toEqual(JSON.parse(JSON.stringify(publishedSchemas())));
  });
});

describe("a wrong option", () => {
  it("is named with its value and what is allowed, all of them at once", () => {
    expect(() => parseOptions("run", { file: "", task: "1bad", args: [] })).toThrow(
      /file is ""; allowed: .*\ntask is "1bad"; allowed: the name of a function in FILE\nSee \.\/biplane run --help/s,
    );
  });

  it("is refused when both planes would get one cluster", () => {
    const both = { kubeconfigRegion: "~/config", kubeconfigCustomer: "~/config" };
    expect(() => parseOptions("up", both)).toThrow(/allowed: two kubeconfigs: a cluster for each plane/);
    expect(() => parseOptions("up", { kubeconfigRegion: "" })).toThrow(/kubeconfigRegion is ""/);
    expect(parseOptions("up", { kubeconfigCustomer: "a" })).toEqual({ kubeconfigCustomer: "a" });
  });

  it("is refused where the region alone is upgraded, whose planes were chosen before", () => {
    expect(parseOptions("up", { only: "region" })).toEqual({ only: "region" });
    expect(() => parseOptions("up", { only: "region", model: "byoc" })).toThrow(/--only by itself/);
    expect(() => parseOptions("up", { only: "customer" })).toThrow(/only is "customer"; allowed: region/);
  });

  it("is refused when nobody knows it", () => {
    expect(() => parseOptions("up", { force: true })).toThrow(/Unrecognized key/);
  });
});

describe("the phase in what the client prints", () => {
  it.each([
    ["{'runSpec': {}, 'action': {'status': {'phase': 'ACTION_PHASE_FAILED'}}}", "FAILED"],
    ["{'status': {\u001b[1m\n 'phase': \u001b[32m'ACTION_PHASE_SUCCEEDED'\u001b[0m}", "SUCCEEDED"],
    ["nothing of the kind", undefined],
  ])("%j is %s", (printed, phase) => {
    expect(phaseIn(printed)).toBe(phase);
  });
});
