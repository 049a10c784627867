/** The documented row of services of each cloud: what its stacks make, and what its services are told to use. */
import { expect, it } from "vitest";
import { type Built, build, objects, podOf } from "../../stacks/testing/built-stack.ts";
import {
  azureBaseValues,
  azureByoc,
  azureCustomerValues,
  azureManager,
  byoc,
  customerBaseValues,
  customerValues,
  googleBaseValues,
  googleByoc,
  googleCustomerValues,
} from "../../stacks/testing/valid-config.ts";
import { evidenceFor, ofRegion } from "../../test/support/evidence.ts";

const clouds = ["aws", "gcp", "azure"] as const;
type Cloud = (typeof clouds)[number];
const { proves } = evidenceFor("verify/service-matrix", ofRegion, () => clouds);

const operated = { model: "byoc" };
const phases: Record<Cloud, Parameters<typeof build>[0][]> = {
  aws: [customerBaseValues(byoc), customerValues(operated)],
  gcp: [googleBaseValues(googleByoc), googleCustomerValues(operated)],
  azure: [azureBaseValues(azureByoc), azureCustomerValues(azureManager)],
};

/** Objects, logs and images are kept by what the stacks make; secrets by a service that keeps each under its own name. */
const rows: Record<Cloud, { objects: string; logs: string; images: string; secrets: string }> = {
  aws: {
    objects: "aws:s3/bucket:Bucket",
    logs: "aws:cloudwatch/logGroup:LogGroup",
    images: "aws:ecr/repository:Repository",
    secrets: "aws-secrets-manager",
  },
  gcp: {
    objects: "gcp:storage/bucket:Bucket",
    // GKE's own agent ships to Cloud Logging; what the stack makes keeps the pods of tasks there and nothing beside.
    logs: "gcp:logging/projectExclusion:ProjectExclusion",
    images: "gcp:artifactregistry/repository:Repository",
    secrets: "gcp-secret-manager",
  },
  azure: {
    objects: "azure-native:storage:BlobContainer",
    logs: "azure-native:operationalinsights:Workspace",
    images: "azure-native:containerregistry:Registry",
    secrets: "azure-key-vault",
  },
};

/** Places in the row that the stacks leave out, or fill with another cloud's. */
function gaps(row: (typeof rows)[Cloud], built: readonly Built[]): string[] {
  const types = new Set(built.flatMap(({ all }) => all.map(({ type }) => type)));
  const backends = built.flatMap((stack) =>
    objects(stack, "Deployment").flatMap(
      (deployment) => podOf(deployment).containers[0]?.env?.filter(({ name }) => name === "SECRET_BACKEND") ?? [],
    ),
  );
  return [
    ...[row.objects, row.logs, row.images].filter((type) => !types.has(type)),
    ...(backends.length > 0 && backends.every(({ value }) => value === row.secrets) ? [] : [row.secrets]),
  ];
}

it("each cloud's stacks make its own row of services", async () => {
  const made: Record<Cloud, Built[]> = { aws: [], gcp: [], azure: [] };
  for (const cloud of clouds) for (const values of phases[cloud]) made[cloud].push(await build(values));
  for (const cloud of clouds) {
    expect(gaps(rows[cloud], made[cloud]), cloud).toEqual([]);
    for (const other of clouds.filter((name) => name !== cloud)) expect(gaps(rows[other], made[cloud])).toHaveLength(4);
  }
  proves(
    ["multicloud-service-matrix"],
    "another cloud's row, held against each cloud's stacks, is found missing whole",
  );
}, 60_000);
