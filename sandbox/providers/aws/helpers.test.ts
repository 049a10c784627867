import { expect, it } from "vitest";
import { ifThere } from "./helpers.ts";

const failing = (name: string) => Promise.reject(Object.assign(new Error("no"), { name }));

it.each(["NoSuchEntity", "InvalidVpcID.NotFound", "ResourceNotFoundException", "Gateway.NotAttached"])(
  "takes %s for an object, or an attachment, that is not there",
  async (name) => {
    expect(await ifThere(failing(name))).toBeUndefined();
  },
);

it("passes on every other failure, and every answer", async () => {
  await expect(ifThere(failing("DependencyViolation"))).rejects.toThrow("no");
  expect(await ifThere(Promise.resolve(0))).toBe(0);
});
