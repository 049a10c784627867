/**
 * What the way between the planes costs, beside the figures to reach: signing, logs and whole objects through edge,
 * region and tunnel, each against the same thing without them, in turn in one run. The planes must be up:
 * `eval "$(./biplane env --shell)"`, then `node bench/data-plane.ts`.
 */
import { randomBytes } from "node:crypto";
import { request } from "node:https";
import { DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { createClient } from "@connectrpc/connect";
import { KubeConfig } from "@kubernetes/client-node";
import { plainTable } from "../cli/print.ts";
import { ClusterAdminService } from "../gen/biplane/cluster/v1/registration_pb.js";
import { ObjectStoreService } from "../gen/biplane/objectstore/v1/object_store_pb.js";
import { DataProxyService } from "../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { operatorClient } from "../sandbox/cloud/index.ts";
import { clusterHeader } from "../services/shared/headers.ts";
import { accessToken, api, https } from "../test/support/api.ts";
import { beside } from "../test/support/beside.ts";
import { runExample } from "../test/support/client.ts";
import { environment, here } from "../test/support/local-run.ts";
import { memoryOf } from "../test/support/processes.ts";
import { runClient } from "../test/support/runs.ts";
import { statedOf } from "../test/support/statement.ts";

const rounds = 5;
const calls = 200;
const lines = 50_000;
const objectMebibytes = 24;
const { org, project, domain } = environment;
const rows: [what: string, measured: string, figure: string][] = [];

const token = await accessToken();
const stated = await statedOf(token);
const data = api(DataProxyService, token);
const [store, relay] = [await beside("customer", "objectstore"), await beside("region", "relay")];
const direct = createClient(ObjectStoreService, store.transport);
const through = createClient(ObjectStoreService, relay.transport);

const quantile = (values: number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
const median = (values: number[]) => quantile(values, 0.5);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Each in turn, `rounds` times. @returns what each measured. */
async function inTurn<T>(...ways: (() => Promise<T>)[]): Promise<T[][]> {
  const seen: T[][] = ways.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, way] of ways.entries()) seen[at]?.push(await way());
  }
  return seen;
}

let cluster: Record<string, string> | undefined;

/** How the relay is told where a call goes; asked once. */
async function theCluster(): Promise<Record<string, string>> {
  if (cluster) return cluster;
  const { clusters } = await api(ClusterAdminService, token).listClusters({});
  cluster = { [clusterHeader]: `${org}/${clusters.find(({ healthy }) => healthy)?.cluster}` };
  return cluster;
}

async function presign(): Promise<void> {
  const place = { org, project, domain, filename: "bench.bin", contentMd5: new Uint8Array(16) };
  const many = (call: () => Promise<unknown>) => async () => {
    const times = [];
    for (let made = 0; made < calls; made++) times.push(await timed(call));
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  };
  const asUser = many(() => data.createUploadLocation(place));
  const headers = async () => ({ ...(await stated.headers()), ...(await theCluster()) });
  const asRegion = many(async () => through.signUpload(place, { headers: await headers() }));
  const asNeighbour = many(async () => direct.signUpload(place, { headers: await stated.headers() }));
  await asUser();
  const [public_ = [], tunnelled = [], own = []] = await inTurn(asUser, asRegion, asNeighbour);
  const show = (of: { p50: number; p99: number }[]) =>
    `p50 ${median(of.map(({ p50 }) => p50)).toFixed(1)} ms, p99 ${median(of.map(({ p99 }) => p99)).toFixed(1)} ms`;
  rows.push(["presign: relay, tunnel, service", show(tunnelled), "p99 < 20 ms"]);
  rows.push(["  the same from the service", show(own), ""]);
  rows.push(["  the same as a user: edge, gateway, data proxy before it", show(public_), ""]);
}

async function logs(): Promise<void> {
  const text = "x".repeat(200);
  const { name: run } = await runExample("chatty", "chatty", ["--lines", String(lines), "--marker", text], {
    follow: false,
  });
  await (await runClient()).ended(run);
  const actionId = { name: "a0", run: { org, project, domain, name: run } };
  const rate = (read: () => Promise<number>) => async () => {
    let bytes = 0;
    const ms = await timed(async () => {
      bytes = await read();
    });
    return bytes / 1024 / 1024 / (ms / 1000);
  };
  const relayed = rate(async () => {
    let bytes = 0;
    for await (const message of data.tailLogs({ actionId, attempt: 1 }))
      for (const log of message.logs) for (const line of log.lines) bytes += line.message.length + 1;
    return bytes;
  });
  const services = ["dataproxy", "relay", "tunnel", "logs"];
  await relayed();
  const before = memoryOf(services);
  const [ours = [], plain = []] = await inTurn(
    relayed,
    rate(() => podLog(run)),
  );
  const after = memoryOf(services);
  rows.push([`log of ${lines} lines: edge, relay, tunnel`, `${median(ours).toFixed(1)} MiB/s`, ""]);
  rows.push(["  the same from the API server over TLS", `${median(plain).toFixed(1)} MiB/s`, ""]);
  rows.push(["  ratio", (median(ours) / median(plain)).toFixed(2), "≥ 0.5"]);
  for (const service of services) {
    const [from = 0, to = 0] = [before[service], after[service]];
    rows.push([`  memory of ${service}`, `${from.toFixed(0)} → ${to.toFixed(0)} MiB`, "flat"]);
  }
}

/** @returns bytes of the messages, without the timestamps that both ways read. */
async function podLog(run: string): Promise<number> {
  const kube = new KubeConfig();
  kube.loadFromFile(environment.kubeconfigs.customer);
  const path = `/api/v1/namespaces/${project}-${domain}/pods/${run}-a0-0/log?timestamps=true`;
  const options = {};
  await kube.applyToHTTPSOptions(options);
  return new Promise((resolve, reject) => {
    const sent = request(`${kube.getCurrentCluster()?.server}${path}`, options, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => {
        if (answer.statusCode !== 200) return reject(new Error(`the API server answered ${answer.statusCode}`));
        resolve(text.split("\n").reduce((sum, line) => sum + Math.max(0, line.length - line.indexOf(" ")), 0));
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function objects(): Promise<void> {
  const Bucket = String(environment.outputs.customer.metadataBucket);
  const Key = `${org}/${project}/${domain}/bench/object`;
  const s3 = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: randomBytes(objectMebibytes * 1024 * 1024) }));
  const place = { org, project, domain, uri: `s3://${Bucket}/${Key}` };
  const headers = async () => ({ ...(await stated.headers()), ...(await theCluster()) });
  const get = (from: typeof direct) => () => timed(async () => from.getObject(place, { headers: await headers() }));
  const { signedUrl } = await direct.signDownload({ ...place, expiresInSeconds: 600n }, { headers: await headers() });
  const presigned = () => timed(() => https(signedUrl));
  const [ours = [], plain = [], fromStore = []] = await inTurn(get(through), get(direct), presigned);
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  const rate = (times: number[]) => objectMebibytes / (median(times) / 1000);
  const show = (times: number[]) => `${rate(times).toFixed(1)} MiB/s`;
  rows.push([`object of ${objectMebibytes} MiB: relay, tunnel, service`, show(ours), ""]);
  rows.push(["  the same from the service, one connection", show(plain), ""]);
  rows.push(["  ratio", (rate(ours) / rate(plain)).toFixed(2), "≥ 0.5"]);
  rows.push(["  the same by its presigned URL", show(fromStore), "is what clients use"]);
}

try {
  await presign();
  await logs();
  await objects();
} finally {
  store.close();
  relay.close();
  stated.close();
}
const table = plainTable(["what", "measured", "to reach"]);
table.push(...rows);
process.stdout.write(`${table.toString()}\n`);
