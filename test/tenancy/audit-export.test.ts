/** Audit records on their way out of the region's database: into its bucket, where neither the exporter nor anybody else can change them. */
import { createHash, randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { S3 } from "@aws-sdk/client-s3";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { beforeAll, expect, it, vi } from "vitest";
import { AuditService, Decision } from "../../gen/biplane/audit/v1/audit_pb.js";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { edge, signedIn } from "../support/identities.ts";
import { environment, here } from "../support/local-run.ts";
import { killHard, ready } from "../support/outage.ts";

const { org, project, domain } = environment;
const { endpoint } = environment;
const Bucket = `biplane-audit-${endpoint.replaceAll(".", "-")}`;
const runs = createClient(RunService, edge());
const operatorOf = (account: "region" | "customer") =>
  new S3({ ...operatorClient(here, account), forcePathStyle: true });
const region = operatorOf("region");
const stranger = environment.identities.find((one) => one.org !== org)?.org ?? "";

interface Line {
  org: string;
  requestId: string;
  decision: string;
  operation: string;
  subject: string;
  at: string;
}

const operation = `${RunService.typeName}/AbortRun`;
const name = `export-${randomBytes(6).toString("hex")}`;

let before: Set<string>;
let began: Date;
beforeAll(async () => {
  before = new Set([...(await keys(org)), ...(await keys(stranger))]);
  began = new Date();
});

async function keys(of: string): Promise<string[]> {
  const Prefix = `records/v1/org=${of}/`;
  const found: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await region.listObjectsV2({ Bucket, Prefix, ...(ContinuationToken ? { ContinuationToken } : {}) });
    found.push(...(page.Contents ?? []).map(({ Key = "" }) => Key));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
  return found;
}

async function linesOf(Key: string): Promise<Line[]> {
  const { Body } = await region.getObject({ Bucket, Key });
  const lines = gunzipSync((await Body?.transformToByteArray()) ?? new Uint8Array());
  expect(Key).toContain(`-${createHash("sha256").update(lines).digest("hex")}.jsonl.gz`);
  return lines
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

/** Of a run that is not there; what counts is that it was asked for. */
async function abort(of: string, role: "admin" | "viewer"): Promise<void> {
  const runId = { org: of, project, domain, name };
  await runs.abortRun({ runId }, { headers: await signedIn(of, role) }).catch(() => undefined);
}

/** As the platform tells them: the edge gives requests their ids. */
async function recorded(of: string): Promise<Omit<Line, "org">[]> {
  const headers = await signedIn(of, "admin");
  const query = { since: timestampFromDate(began), operation, limit: 100 };
  const { records } = await createClient(AuditService, edge()).listRecords(query, { headers });
  return records.map(({ at, subject, decision, requestId }) => ({
    ...{ requestId, operation, subject },
    decision: Decision[decision].toLowerCase(),
    at: at ? timestampDate(at).toISOString() : "",
  }));
}

/** Records of this test, in objects that were not there when it began. */
async function exported(of: string, count: number): Promise<Line[]> {
  return vi.waitFor(
    async () => {
      const fresh = (await keys(of)).filter((key) => !before.has(key));
      const lines = (await Promise.all(fresh.map(linesOf))).flat();
      const ours = lines.filter((line) => line.operation === operation && Date.parse(line.at) >= began.getTime());
      if (ours.length < count) throw new Error(`${ours.length} of ${count} records are in the bucket`);
      return ours;
    },
    { timeout: 90_000, interval: 500 },
  );
}

it("reach the bucket once each, mutation and denial, also when the export is killed meanwhile", async () => {
  await abort(org, "admin");
  await abort(org, "viewer");
  await abort(stranger, "viewer");
  expect(killHard("audit")).toBeGreaterThanOrEqual(1);
  await abort(org, "admin");
  await abort(org, "viewer");
  await ready("region", "audit");

  const told = await recorded(org);
  expect(told.map(({ decision }) => decision).sort()).toEqual(["allowed", "allowed", "denied", "denied"]);
  const lines = await exported(org, told.length);
  const byId = (one: Pick<Line, "requestId">, other: Pick<Line, "requestId">) =>
    one.requestId.localeCompare(other.requestId);
  expect(lines.toSorted(byId)).toEqual(
    told.toSorted(byId).map((record) => expect.objectContaining({ ...record, org })),
  );
  expect((await exported(stranger, 1)).map(({ org: owner, decision }) => [owner, decision])).toEqual([
    [stranger, "denied"],
  ]);
});

it("cannot be removed before their time, and are another account's for the customer's operator", async () => {
  const [Key = ""] = await keys(org);
  const { Versions = [] } = await region.listObjectVersions({ Bucket, Prefix: Key });
  expect(Versions).toHaveLength(1);
  const denied = { name: "AccessDenied" };
  await expect(region.deleteObject({ Bucket, Key, VersionId: Versions[0]?.VersionId })).rejects.toMatchObject(denied);
  const customer = operatorOf("customer");
  await expect(customer.getObject({ Bucket, Key })).rejects.toMatchObject(denied);
  await expect(customer.listObjectsV2({ Bucket })).rejects.toMatchObject(denied);
  expect((await customer.listBuckets({})).Buckets?.map(({ Name }) => Name)).not.toContain(Bucket);
  expect((await region.listBuckets({})).Buckets?.map(({ Name }) => Name)).toEqual([Bucket]);
  const { metadataBucket } = environment.outputs.customer;
  await expect(region.listObjectsV2({ Bucket: String(metadataBucket) })).rejects.toMatchObject(denied);
  // The same operator at its own bucket, so that it is not the key that is refused.
  expect((await customer.listObjectsV2({ Bucket: String(metadataBucket), MaxKeys: 1 })).Name).toBe(metadataBucket);
});
