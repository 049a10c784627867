import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Resources_ResourceName as Name, ResourcesSchema } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { clampResources, quantity, wishesOf } from "./resources.ts";

const rules = {
  defaultRequests: { cpu: "50m", memory: "128Mi" },
  defaultLimits: { cpu: "1", memory: "1Gi" },
  maximum: { cpu: "4", memory: "8Gi" },
};

describe("clampResources", () => {
  it.each([
    ["nothing", {}, { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "1Gi" } }],
    [
      "a request above the default limit",
      { requests: { cpu: "2", memory: "2Gi" } },
      { requests: { cpu: "2", memory: "2Gi" }, limits: { cpu: "2", memory: "2Gi" } },
    ],
    [
      "a limit below the default request",
      { limits: { cpu: "10m", memory: "64Mi" } },
      { requests: { cpu: "10m", memory: "64Mi" }, limits: { cpu: "10m", memory: "64Mi" } },
    ],
    [
      "a limit below its own request",
      { requests: { cpu: "2" }, limits: { cpu: "1" } },
      { requests: { cpu: "2", memory: "128Mi" }, limits: { cpu: "2", memory: "1Gi" } },
    ],
    [
      "more than the maximum",
      { requests: { cpu: "64", memory: "1Ti" }, limits: { cpu: "64", memory: "1Ti" } },
      { requests: { cpu: "4", memory: "8Gi" }, limits: { cpu: "4", memory: "8Gi" } },
    ],
    [
      "a device, by request alone",
      { requests: { "nvidia.com/gpu": "1" } },
      {
        requests: { cpu: "50m", memory: "128Mi", "nvidia.com/gpu": "1" },
        limits: { cpu: "1", memory: "1Gi", "nvidia.com/gpu": "1" },
      },
    ],
    [
      "scratch space, by request alone",
      { requests: { "ephemeral-storage": "2Gi" } },
      {
        requests: { cpu: "50m", memory: "128Mi", "ephemeral-storage": "2Gi" },
        limits: { cpu: "1", memory: "1Gi" },
      },
    ],
  ])("settles a task that asks for %s", (_, wished, settled) => {
    expect(clampResources(wished, rules)).toEqual(settled);
  });

  it("refuses a quantity that it cannot read, and names it", () => {
    expect(() => clampResources({ requests: { memory: "lots" } }, rules)).toThrow(
      /"lots" is not a Kubernetes quantity/,
    );
  });
});

describe("wishesOf", () => {
  it("reads the template's entries and leaves unknown kinds out", () => {
    const resources = create(ResourcesSchema, {
      requests: [
        { name: Name.CPU, value: "500m" },
        { name: Name.GPU, value: "1" },
        { name: Name.UNKNOWN, value: "7" },
      ],
      limits: [{ name: Name.MEMORY, value: "2Gi" }],
    });
    expect(wishesOf(resources)).toEqual({
      requests: { cpu: "500m", "nvidia.com/gpu": "1" },
      limits: { memory: "2Gi" },
    });
  });
});

describe("quantity", () => {
  it.each([
    ["500m", 0.5],
    ["2", 2],
    ["1.5", 1.5],
    ["128Mi", 134217728],
    ["1G", 1e9],
    ["1e3", 1000],
  ])("reads %s", (text, value) => expect(quantity(text)).toBe(value));

  it.each(["", "-1", "1Zi", "1 Gi", "Gi"])("refuses %j", (text) => expect(() => quantity(text)).toThrow(RangeError));
});
