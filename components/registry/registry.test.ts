import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { ImageRepository } from "./aws.ts";

describe("ImageRepository", () => {
  it("keeps tags in place, scans on push and encrypts", async () => {
    const made = await recordResources(
      () =>
        new ImageRepository("acme-tasks", { repository: "union/tasks", dataProtection: true, tags: { owner: "us" } }),
    );
    expect(made.one("aws:ecr/repository:Repository").inputs).toEqual({
      name: "union/tasks",
      imageTagMutability: "IMMUTABLE",
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: "AES256" }],
      forceDelete: false,
      tags: { owner: "us" },
    });
  });
});
