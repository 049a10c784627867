/** A role of one project and domain alone, as `isolation: project` makes it, judged by the cloud's STS and object store. */
import { randomBytes } from "node:crypto";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { renderUserPolicy } from "../../components/identity/aws-policies.ts";
import { accounts } from "../../sandbox/hosts.ts";
import { openCloud } from "../../sandbox/providers/aws/cloud.ts";
import { mirrorPolicy, mirrorRole, unmirrorRole } from "../../sandbox/providers/aws/judge.ts";
import { localBacking } from "../../sandbox/providers/aws/local.ts";
import { operator, roleOf, storeAs } from "../support/cloud-session.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment, here } from "../support/local-run.ts";

const { proves } = evidenceFor("isolation/prefix-role");
const { org, project, domain, outputs } = environment;
const buckets = {
  metadata: String(outputs.customer.metadataBucket),
  fastRegistration: String(outputs.customer.fastRegistrationBucket),
};
const account = { namespace: `${project}-${domain}`, name: "default" };
const name = `prefix-role-${randomBytes(4).toString("hex")}`;
const places = {
  own: `${org}/${project}/${domain}/prefix-role`,
  "another domain": `${org}/${project}/production/prefix-role`,
  "another project": `${org}/${project}-2/${domain}/prefix-role`,
  "another organisation": `globex/${project}/${domain}/prefix-role`,
};
const iam = new IAMClient(operator);
const all = new S3Client({ ...operator, forcePathStyle: true });
const each = Object.values(buckets).flatMap((Bucket) => Object.values(places).map((Key) => ({ Bucket, Key })));
const cloud = openCloud(accounts.customer, localBacking(here, "customer", "customer"));
const role = `arn:aws:iam::${accounts.customer}:role/${name}`;

beforeAll(async () => {
  for (const at of each) await all.send(new PutObjectCommand({ ...at, Body: "here" }));
  const shared = await roleOf(account);
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: shared.split("/").at(-1) }));
  // As the stack's provider tells the judge; what the emulator would say of rights counts for nothing.
  await mirrorRole(cloud, name, decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""));
  const policy = renderUserPolicy({ org, within: { project, domain }, buckets });
  await mirrorPolicy(cloud, name, "own", JSON.stringify(policy));
});
afterAll(async () => {
  for (const at of each) await all.send(new DeleteObjectCommand(at));
  await unmirrorRole(cloud, name);
});

/** What the account may do in each place by the role: of reading, writing and listing. */
async function reachOf(by: string) {
  const store = await storeAs(account, by);
  const reach: Record<string, string> = {};
  const may = async (call: () => Promise<unknown>, letter: string) => {
    try {
      await call();
      return letter;
    } catch (error) {
      if (error instanceof Error && error.name === "AccessDenied") return "-";
      throw error;
    }
  };
  for (const [bucket, Bucket] of Object.entries(buckets))
    for (const [place, Key] of Object.entries(places)) {
      const can = [
        await may(() => store.send(new GetObjectCommand({ Bucket, Key })), "r"),
        await may(() => store.send(new PutObjectCommand({ Bucket, Key, Body: "here" })), "w"),
        await may(() => store.send(new ListObjectsV2Command({ Bucket, Prefix: Key.replace(/[^/]*$/, "") })), "l"),
      ];
      reach[`${bucket}: ${place}`] = can.join("");
    }
  return reach;
}

it("reaches its own prefix in both buckets, and neither another domain's, another project's nor another organisation's", async () => {
  proves(
    ["buckets-prefix-scopable"],
    "by the role that all projects share, the same account reaches both other prefixes",
  );
  const expected = (elsewhere: string) =>
    Object.fromEntries(
      Object.keys(buckets).flatMap((bucket) => [
        [`${bucket}: own`, "rwl"],
        [`${bucket}: another domain`, elsewhere],
        [`${bucket}: another project`, elsewhere],
        [`${bucket}: another organisation`, "---"],
      ]),
    );
  expect(await reachOf(role)).toEqual(expected("---"));
  expect(await reachOf(await roleOf(account))).toEqual(expected("rwl"));
});
