import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { createImageKey, ImageRepository, type ImageRepositoryArgs } from "./aws.ts";

const build = (changes: Partial<ImageRepositoryArgs> = {}) =>
  recordResources(
    () =>
      new ImageRepository("acme-tasks", {
        repository: "union/tasks",
        dataProtection: true,
        tags: { owner: "us" },
        ...changes,
      }),
  );

describe("ImageRepository", () => {
  it("keeps tags in place, scans on push and encrypts", async () => {
    expect((await build()).one("aws:ecr/repository:Repository").inputs).toEqual({
      name: "union/tasks",
      imageTagMutability: "IMMUTABLE",
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfigurations: [{ encryptionType: "AES256" }],
      forceDelete: false,
      tags: { owner: "us" },
    });
  });

  it("seals under a key of one's own where one is given", async () => {
    const made = await build({ key: { arn: pulumi.output("arn:key") } });
    const { encryptionConfigurations } = made.one("aws:ecr/repository:Repository").inputs;
    expect(encryptionConfigurations).toEqual([{ encryptionType: "KMS", kmsKey: "arn:key" }]);
  });

  it("clears away untagged images after two weeks, and no tagged one", async () => {
    const { policy } = (await build()).one("aws:ecr/lifecyclePolicy:LifecyclePolicy").inputs;
    const { rules } = JSON.parse(String(policy));
    expect(rules.map(({ selection }: { selection: object }) => selection)).toEqual([
      { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 14 },
    ]);
  });

  it("gives no other account a way in", async () => {
    expect((await build()).of("aws:ecr/repositoryPolicy:RepositoryPolicy")).toEqual([]);
  });
});

describe("createImageKey", () => {
  it("is used through the registry of its region only", async () => {
    const made = await recordResources(() =>
      createImageKey("images", { account: "111111111111", region: "us-east-2", dataProtection: true, tags: {} }),
    );
    const { Statement } = JSON.parse(String(made.one("aws:kms/key:Key").inputs.policy));
    expect(Statement.at(-1).Condition.StringEquals["kms:ViaService"]).toEqual(["ecr.us-east-2.amazonaws.com"]);
  });
});
