import { expect, test } from "vitest";
import { diskClass } from "../../components/metrics-store/contract.ts";
import { renderDiskClaim } from "../../components/metrics-store/server.ts";
import { customerConfig } from "../stacks.ts";
import { diskObject } from "./disks.ts";

const images = { services: "registry.test/services", task: "registry.test/task" };
const storeOf = (metricsStore?: string, dnsServers?: string[]) => {
  const kept = metricsStore ? { ...images, metricsStore } : images;
  return customerConfig({ model: "self-managed", images: kept, ...(dnsServers ? { dnsServers } : {}) })[
    "biplane:metricsStore"
  ];
};

test("a plane keeps measures where the image for it is made and the cluster is our own", () => {
  expect(JSON.parse(storeOf("registry.test/prometheus") ?? "{}")).toMatchObject({ image: "registry.test/prometheus" });
  expect(storeOf()).toBeUndefined();
  expect(storeOf("registry.test/prometheus", ["10.96.0.10"])).toBeUndefined();
});

test("the node's disk is one that the store's claim can be bound to", () => {
  const { sizeGiB } = JSON.parse(storeOf("registry.test/prometheus") ?? "{}") as { sizeGiB: number };
  const claim = renderDiskClaim(diskClass, sizeGiB);
  const { spec } = diskObject("customer", "/state/metrics-disk");
  expect(spec).toMatchObject({
    storageClassName: claim.storageClassName,
    accessModes: claim.accessModes,
    local: { path: "/state/metrics-disk" },
    // Alike, or it would be bound to none.
    capacity: (claim.resources as { requests: object }).requests,
  });
});
