import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { localTargets } from "../../sandbox/verify-target.ts";
import { optionsOf, readsOf } from "../../verify/collect/azure/client.ts";
import { clientOf } from "../../verify/collect/google/client.ts";
import { reportSchema } from "../../verify/report/result.ts";
import { biplane } from "../support/biplane.ts";
import { environment, here } from "../support/local-run.ts";

const patienceMs = 60_000;
const objectsSchema = z.object({ items: z.array(z.object({ name: z.string() })).default([]) });
const enforced = environment.networkPolicy === "enforced" && environment.clusters.customer === "own";
/** Where no policy is enforced, nothing can be said of policies; all else ends as it should, or is put off in that cloud. */
const expected = {
  "IAM-10": "PASS",
  ...(environment.cloud === "aws" ? { "IAM-14": "PASS" } : {}),
  "NET-04": enforced ? "PASS" : "NOT_EVALUATED",
  "NS-05": "PASS",
  "RPC-01": "PASS",
  "TLS-01": "PASS",
  "TLS-02": "PASS",
  "TLS-03": environment.cloud === "aws" ? "PASS" : "NOT_APPLICABLE",
  ...(environment.cloud === "gcp" ? { "TLS-23": "PASS", "TLS-24": "PASS" } : {}),
  ...(environment.cloud === "azure" ? { "TLS-43": "PASS", "TLS-44": "PASS" } : {}),
};

describe("verify --probe", () => {
  const folder = mkdtempSync(join(tmpdir(), "biplane-probe-"));
  let output: string;
  let report: ReturnType<typeof reportSchema.parse>;

  beforeAll(async () => {
    const json = join(folder, "report.json");
    ({ output } = await biplane(["verify", "--probe", "--json", json]));
    report = reportSchema.parse(JSON.parse(readFileSync(json, "utf8")));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("tells what it will do before it tells what it saw", () => {
    expect(output).toMatch(/^The probe will:\n {2}1\. /m);
    expect(output.indexOf("makes a namespace biplane-probe-")).toBeGreaterThan(0);
    expect(output.indexOf("makes a namespace biplane-probe-")).toBeLessThan(output.indexOf("IAM-10"));
  });

  it("decides what can be tried here, and says why of what cannot", () => {
    const found = report.checks.filter(({ id }) => id in expected);
    expect(found.map(({ id }) => id).sort()).toEqual(Object.keys(expected));
    for (const { id, outcome, reason, findings } of found) {
      const why = [
        reason ?? [],
        findings.filter(({ ok }) => !ok).map(({ subject, evidence }) => `${subject}: ${evidence}`),
      ];
      expect(outcome, `${id}: ${why.flat().join("; ")}`).toBe(expected[id as keyof typeof expected]);
    }
    const { reason } = found.find(({ id }) => id === "NET-04") ?? {};
    if (!enforced) expect(reason).toMatch(/does not enforce NetworkPolicy/);
    for (const { id, outcome, sabotages } of found)
      if (outcome === "PASS") expect(sabotages.length, id).toBeGreaterThan(0);
  });

  it("leaves no namespace and no object", async () => {
    const config = new KubeConfig();
    config.loadFromFile(environment.kubeconfigs.customer);
    const core = config.makeApiClient(CoreV1Api);
    const namespaces = async () => {
      const { items } = await core.listNamespace();
      return items.map(({ metadata }) => metadata?.name ?? "").filter((name) => name.startsWith("biplane-probe-"));
    };
    const end = Date.now() + patienceMs;
    while ((await namespaces()).length > 0 && Date.now() < end) await sleep(500);
    expect(await namespaces()).toEqual([]);

    const { metadataBucket, fastRegistrationBucket } = environment.outputs.customer;
    for (const bucket of [metadataBucket, fastRegistrationBucket].map(String))
      expect((await keysIn(bucket)).filter((key) => key.includes("biplane-probe"))).toEqual([]);
  });
});

async function keysIn(bucket: string): Promise<string[]> {
  const { google, azure } = localTargets(environment);
  if (azure) {
    const listed = await readsOf(optionsOf(azure)).blob(`/${bucket}`, { restype: "container", comp: "list" });
    return [...listed.matchAll(/<Name>([^<]*)<\/Name>/g)].map(([, name = ""]) => name);
  }
  if (!google) {
    const s3 = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = "" }) => Key);
  }
  const listed = await clientOf(google.google).call({ api: "storage", path: `/storage/v1/b/${bucket}/o` });
  return objectsSchema.parse(await listed.json()).items.map(({ name }) => name);
}
