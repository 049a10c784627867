import { expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { enableServices, usedServices } from "./gcp-services.ts";

it("turns each service on that the plane uses, and off none", async () => {
  const made = await recordResources(async () => {
    expect(await settled(enableServices("main", "acme-data"))).toBe("acme-data");
  });
  const enabled = made.of("gcp:projects/service:Service").map(({ inputs }) => inputs);
  expect(enabled.map(({ service }) => service)).toEqual(usedServices.map((service) => `${service}.googleapis.com`));
  for (const inputs of enabled) expect(inputs).toMatchObject({ project: "acme-data", disableOnDestroy: false });
});
