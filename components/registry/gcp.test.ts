import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { GoogleRepository } from "./gcp.ts";

const key = "projects/acme-data/locations/europe-west4/keyRings/main/cryptoKeys/images";

it("a registry's tags never move, its layers are the customer's, and only the nodes pull", async () => {
  const made = await recordResources(async () => {
    const one = new GoogleRepository("main-tasks", {
      ...{ project: "acme-data", region: "europe-west4", repository: "union-tasks", key: { name: pulumi.output(key) } },
      ...{ pulledBy: { nodes: "main-node@acme-data.iam.gserviceaccount.com" }, dataProtection: true, labels: {} },
    });
    expect(await settled(one.url)).toBe("europe-west4-docker.pkg.dev/acme-data/union-tasks");
  });
  expect(made.one("gcp:artifactregistry/repository:Repository").inputs).toMatchObject({
    ...{ location: "europe-west4", format: "DOCKER", kmsKeyName: key, dockerConfig: { immutableTags: true } },
    cleanupPolicies: [{ action: "DELETE", condition: { tagState: "UNTAGGED", olderThan: "1209600s" } }],
  });
  const pulls = made.of("gcp:artifactregistry/repositoryIamMember:RepositoryIamMember");
  expect(pulls.map(({ inputs }) => [inputs.role, inputs.member])).toEqual([
    ["roles/artifactregistry.reader", "serviceAccount:main-node@acme-data.iam.gserviceaccount.com"],
  ]);
});
