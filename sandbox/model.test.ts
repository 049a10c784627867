import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { chooseModel, writeModel } from "./model.ts";
import { type Paths, paths } from "./paths.ts";

let here: Paths;
beforeEach(() => {
  here = paths({ BIPLANE_STATE: join(mkdtempSync(join(tmpdir(), "biplane-model-")), "state") });
});
afterEach(() => rmSync(join(here.state, ".."), { recursive: true, force: true }));

it("is self-managed in AWS where nobody says otherwise, and what was said where nothing is up", () => {
  expect(chooseModel(here)).toEqual({ model: "self-managed", cloud: "aws" });
  expect(chooseModel(here, { model: "byoc" })).toEqual({ model: "byoc", cloud: "aws" });
  expect(chooseModel(here, { cloud: "gcp" })).toEqual({ model: "self-managed", cloud: "gcp" });
  expect(chooseModel(here, { cloud: "azure" })).toEqual({ model: "self-managed", cloud: "azure" });
  for (const cloud of ["gcp", "azure"] as const)
    expect(() => chooseModel(here, { model: "byoc", cloud })).toThrow(
      `self-managed with --cloud ${cloud}: nothing here`,
    );
});

it("stays what the run has begun with, with the endpoint that was accepted", () => {
  const record = { model: "byoc" as const, cloud: "aws" as const, acceptedEndpoint: "vpce-0a" };
  writeModel(here, record);
  expect(chooseModel(here)).toEqual(record);
  expect(chooseModel(here, { model: "byoc" })).toEqual(record);
  expect(() => chooseModel(here, { cloud: "gcp" })).toThrow(/--cloud is "gcp"; allowed: .*begun with: aws/);
  expect(() => chooseModel(here, { model: "self-managed" })).toThrow(
    '--model is "self-managed"; allowed: what this run has begun with: byoc. Run ./biplane down first.',
  );
});

it("is self-managed in a run that recorded none", () => {
  mkdirSync(here.state, { recursive: true });
  writeFileSync(join(here.state, "anything"), "");
  expect(chooseModel(here)).toEqual({ model: "self-managed", cloud: "aws" });
  expect(() => chooseModel(here, { model: "byoc" })).toThrow(/begun with: self-managed/);
});
