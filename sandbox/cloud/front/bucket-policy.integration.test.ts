/** A bucket's policy through the front, with a real object store and an emulator of the test's own; no planes needed. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { Agent as TlsAgent } from "node:https";
import { join } from "node:path";
import { S3 } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../../services/shared/testing/free-port.ts";
import { type Emulated, startEmulated } from "../../engine/testing/emulated.ts";
import { accounts, awsRegion, names } from "../../hosts.ts";
import { ensureAuthority, ensureLeaf } from "../../pki.ts";
import { awaitListener } from "../await-port.ts";
import { Emulator } from "./emulator.ts";
import { serveFront } from "./testing/serve-front.ts";

const operators = [
  { account: accounts.region, accessKeyId: "AKIAREGION", secretAccessKey: "region-secret" },
  { account: accounts.customer, accessKeyId: "AKIACUSTOMER", secretAccessKey: "customer-secret" },
];
const here = { CreateBucketConfiguration: { LocationConstraint: awsRegion as "us-east-2" } };
const closing: (() => unknown)[] = [];
let world: Emulated;
let customer: S3;
/** The object store itself, as the customer's operator. */
let judge: S3;

beforeAll(async () => {
  world = await startEmulated();
  const { paths, tools } = world.sandbox;
  const authority = await ensureAuthority(paths);
  const leaf = await ensureLeaf(paths, { name: "objects", dns: [names.aws], addresses: ["127.0.0.1"] });
  const objects = await freePort();
  for (const name of ["buckets", "versions"]) mkdirSync(join(world.state, name));
  const server = spawn(
    tools.bin("versitygw"),
    [
      ...["--port", `127.0.0.1:${objects}`, "--cert", leaf.certificate, "--key", leaf.key, "--region", awsRegion],
      ...["posix", "--versioning-dir", join(world.state, "versions"), join(world.state, "buckets")],
    ],
    { env: { ROOT_ACCESS_KEY: "AKIACUSTOMER", ROOT_SECRET_KEY: "customer-secret" }, stdio: "ignore" },
  );
  closing.push(() => server.kill("SIGKILL"));
  await awaitListener("127.0.0.1", objects);
  const emulator = new Emulator(Number(new URL(world.endpoint).port));
  await emulator.prepare(operators);
  const front = await serveFront(
    {
      ...{ address: "127.0.0.1", port: 0, certificate: leaf.certificate, key: leaf.key, operators, clusterFacts: {} },
      ...{
        authority: authority.certificate,
        issuerDocuments: world.state,
        kept: join(world.state, "kept.json"),
        trail: join(world.state, "trail.jsonl"),
      },
      sessions: join(world.state, "sessions.json"),
      ports: { objects, emulator: Number(new URL(world.endpoint).port), login: 1, judge: 1, registry: 1 },
    },
    emulator,
  );
  closing.push(front.close);
  const { httpAgent } = front;
  const credentials = { accessKeyId: "AKIACUSTOMER", secretAccessKey: "customer-secret" };
  customer = new S3({
    ...{ region: awsRegion, endpoint: `http://${names.aws}`, forcePathStyle: true },
    ...{ credentials, requestHandler: { httpAgent }, requestChecksumCalculation: "WHEN_REQUIRED" },
  });
  judge = new S3({
    ...{ region: awsRegion, endpoint: `https://127.0.0.1:${objects}`, forcePathStyle: true },
    credentials,
    requestHandler: { httpsAgent: new TlsAgent({ ca: readFileSync(authority.certificate) }) },
  });
});
afterAll(async () => {
  for (const close of closing) close();
  await world?.close();
});

const statement = (Bucket: string, more: object) => ({
  ...{ Effect: "Deny", Principal: "*", Action: "s3:*" },
  Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
  ...more,
});
const delivery = { Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "s3:PutObject" };
const oldTls = { Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } };
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });

test("a policy is kept whole, and the object store holds what it can judge of it", async () => {
  const Bucket = "judged";
  await customer.createBucket({ Bucket, ...here });
  const plain = statement(Bucket, { Condition: { Bool: { "aws:SecureTransport": "false" } } });
  const Policy = policyOf(statement(Bucket, delivery), statement(Bucket, oldTls), plain);
  await customer.putBucketPolicy({ Bucket, Policy });
  expect((await customer.getBucketPolicy({ Bucket })).Policy).toBe(Policy);
  expect((await judge.getBucketPolicy({ Bucket })).Policy).toBe(policyOf(plain));

  await customer.putBucketPolicy({ Bucket, Policy: policyOf(statement(Bucket, oldTls)) });
  await expect(judge.getBucketPolicy({ Bucket })).rejects.toThrow(/policy/i);
  await customer.deleteBucketPolicy({ Bucket });
  await expect(customer.getBucketPolicy({ Bucket })).rejects.toThrow(/policy/i);
});

test("a policy that the object store refuses is refused, and not kept", async () => {
  const Bucket = "refused";
  await customer.createBucket({ Bucket, ...here });
  const Policy = policyOf(statement("another-bucket", {}));
  await expect(customer.putBucketPolicy({ Bucket, Policy })).rejects.toThrow();
  await expect(customer.getBucketPolicy({ Bucket })).rejects.toThrow();
});
