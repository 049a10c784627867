import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { dropTaskLogs, GoogleTaskLogs } from "./gcp.ts";
import { taskLogFilter } from "./gcp-plan.ts";

const key = "projects/acme-data/locations/europe-west4/keyRings/main/cryptoKeys/logs";
const scope = {
  region: "europe-west4",
  clusterName: "main",
  projectNamespaces: ["demo-development", "demo-production"],
};
const filter =
  'resource.type="k8s_container" AND resource.labels.location="europe-west4" AND resource.labels.cluster_name="main" ' +
  'AND resource.labels.namespace_name=("demo-development" OR "demo-production")';
const reader = "adminflyterole@acme-data.iam.gserviceaccount.com";

const build = () =>
  recordResources(async () => {
    const one = new GoogleTaskLogs("main-logs", {
      ...{ ...scope, project: "acme-data", key: { name: pulumi.output(key) } },
      ...{ retentionDays: 90, reader, dataProtection: true },
    });
    expect(await settled(one.view)).toBe("projects/acme-data/locations/europe-west4/buckets/main-logs/views/main-logs");
  });

describe("GoogleTaskLogs", () => {
  it("keeps task pods' logs, and nothing else, in a sealed bucket of the plane's region", async () => {
    const made = await build();
    expect(made.one("gcp:logging/projectBucketConfig:ProjectBucketConfig").inputs).toMatchObject({
      ...{ location: "europe-west4", retentionDays: 90, cmekSettings: { kmsKeyName: key } },
    });
    expect(made.one("gcp:logging/projectSink:ProjectSink").inputs).toMatchObject({
      ...{ filter, destination: "logging.googleapis.com/main-logs-id" },
    });
  });

  it("keeps them out of the project's default bucket, once they have another", async () => {
    const made = await build();
    const exclusion = made.one("gcp:logging/projectExclusion:ProjectExclusion");
    expect(exclusion.inputs.filter).toBe(filter);
    expect(exclusion.begun).toBeGreaterThan(made.one("gcp:logging/projectSink:ProjectSink").ended);
  });

  it("lets one account read them, by the view", async () => {
    const granted = (await build()).of("gcp:logging/logViewIamMember:LogViewIamMember");
    expect(granted.map(({ inputs }) => [inputs.name, inputs.role, inputs.member])).toEqual([
      ["main-logs", "roles/logging.viewAccessor", `serviceAccount:${reader}`],
    ]);
  });
});

describe("dropTaskLogs", () => {
  it("keeps lines of task pods out of the project's default bucket, and makes nothing else", async () => {
    const made = await recordResources(() => dropTaskLogs("main-logs", { ...scope, project: "acme-data" }, {}));
    expect(made.all.map(({ type }) => type)).toEqual(["gcp:logging/projectExclusion:ProjectExclusion"]);
    expect(made.all[0]?.inputs).toMatchObject({ project: "acme-data", name: "main-logs", filter });
  });
});

describe("taskLogFilter", () => {
  it("names cluster, place and namespaces exactly", () => expect(taskLogFilter(scope)).toBe(filter));

  it("refuses more namespaces than a sink's filter holds", () => {
    const projectNamespaces = Array.from({ length: 400 }, (_, at) => `${"x".repeat(50)}-${at}`);
    expect(() => taskLogFilter({ ...scope, projectNamespaces })).toThrow(
      /^biplane:projects is 400; .*20000 characters/,
    );
  });
});
