import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ProjectIdentifierSchema } from "../../../gen/flyteidl2/common/identifier_pb.js";
import { inPlace, inTaskPlace, inTaskScope } from "./named.ts";

const own = { org: "acme", project: "system", domain: "production" };
const demo = { org: "acme", project: "demo", domain: "development" };

test("the platform's own tasks are asked for where the caller may see any tasks at all", () => {
  expect(inTaskPlace({ ...own, name: "build-image", version: "1" })).toEqual({
    org: "acme",
    at: "somewhere",
    name: "build-image/1",
  });
  const value = { organization: "acme", name: "system", domain: "production" };
  expect(inTaskScope({ case: "projectId", value: create(ProjectIdentifierSchema, value) })).toEqual({
    org: "acme",
    at: "somewhere",
  });
});

test("all others are asked for in their own place, also those that are named like them", () => {
  for (const id of [demo, { ...own, domain: "development" }, { ...own, project: "demo" }])
    expect(inTaskPlace({ ...id, name: "build-image" })).toEqual(inPlace({ ...id, name: "build-image" }));
});
