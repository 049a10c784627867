/** After URLs were signed and logs were relayed: neither is in anything that the region wrote down. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { accessToken, api } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { kubectl, platform } from "../support/kubectl.ts";
import { environment, here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const { proves } = evidenceFor("data/nothing-kept");
const { org, project, domain } = environment;
// A given cluster's own logs are its owner's.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");
/** Said by the task, and by nobody else on this machine. */
const marker = `kept-nowhere-${Date.now().toString(36)}`;
/** Said by Kubernetes about the task's pod. */
const eventMarker = `event-${marker}`;

describe.skipIf(!ours)("what passes through the region", () => {
  let run: string;
  const signatures: string[] = [];
  let written: { place: string; text: string }[];

  beforeAll(async () => {
    const { name, result } = await runExample("hello", "hello", ["--name", marker, "--n", "1"]);
    expect(result.exitCode, result.stderr).toBe(0);
    run = name;
    const data = api(DataProxyService, await accessToken());
    const relayed: string[] = [];
    const actionId = { name: "a0", run: { org, project, domain, name: run } };
    for await (const { logs } of data.tailLogs({ actionId, attempt: 1 }))
      relayed.push(...logs.flatMap(({ lines }) => lines.map(({ message }) => message)));
    expect(relayed).toContain(`saying hello to ${marker}`);
    await sayOfPod(`${run}-a0-0`, eventMarker);
    const said = await (await runClient()).clusterEvents(run);
    expect(said.map(({ message }) => message)).toContain(eventMarker);
    for (let made = 0; made < 3; made++) {
      const request = { org, project, domain, filename: `${made}.bin`, contentMd5: new Uint8Array(16) };
      const { signedUrl } = await data.createUploadLocation(request);
      signatures.push(new URL(signedUrl).searchParams.get("X-Amz-Signature") ?? "");
    }
    written = [...(await podLogs("region")), ...(await podLogs("customer")), ...database(), ...edge()];
  });

  const holding = (text: string) => written.filter((each) => each.text.includes(text)).map(({ place }) => place);

  it("is searched for where it would be: what may be written is found there", () => {
    expect(holding(run).some((place) => place.startsWith("database"))).toBe(true);
    expect(written.filter(({ place, text }) => place.startsWith("pods") && text.includes('"started"')).length).toBe(2);
  });

  it("presigned URLs are in no log of either plane's services, of the edge, nor in the database", () => {
    proves(
      ["presign-no-url-logging", "presign-not-retained"],
      "a log that holds one of the URLs is found by the same search",
    );
    expect(signatures.every((signature) => /^[0-9a-f]{64}$/.test(signature))).toBe(true);
    expect(new Set(signatures).size).toBe(signatures.length);
    for (const signature of [...signatures, "X-Amz-Signature="]) expect(holding(signature)).toEqual([]);
    written.push({ place: "sabotage", text: `?X-Amz-Signature=${signatures[0]}` });
    expect(holding(signatures[0] ?? "")).toEqual(["sabotage"]);
    written.pop();
  });

  it("lines that a task logs, what it was given and what it returned, are in none of them either", () => {
    proves(
      ["relay-not-persisted", "data-logs-never-in-cp", "cp-relays-streams"],
      "a log that holds the line is found by the same search",
    );
    expect(holding(marker)).toEqual([]);
    written.push({ place: "sabotage", text: `saying hello to ${marker}` });
    expect(holding(marker)).toEqual(["sabotage"]);
    written.pop();
  });

  it("events of its pod, which its owner can read through the region, are in none of them", () => {
    proves(["data-cluster-events-ephemeral"], "a log that holds the event's message is found by the same search");
    expect(holding(eventMarker)).toEqual([]);
    written.push({ place: "sabotage", text: `{"msg":"${eventMarker}"}` });
    expect(holding(eventMarker)).toEqual(["sabotage"]);
    written.pop();
  });
});

/** As Kubernetes' own components say it. */
async function sayOfPod(pod: string, message: string): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(environment.kubeconfigs.customer);
  const namespace = `${project}-${domain}`;
  const involvedObject = { apiVersion: "v1", kind: "Pod", name: pod, namespace };
  const said = { type: "Normal", reason: "Marked", source: { component: "test" }, count: 1, lastTimestamp: new Date() };
  const body = { metadata: { generateName: "marker-" }, involvedObject, message, ...said };
  await config.makeApiClient(CoreV1Api).createNamespacedEvent({ namespace, body });
}

async function podLogs(plane: "region" | "customer") {
  const args = ["logs", "--namespace", platform[plane], "--selector=app.kubernetes.io/part-of=biplane", "--tail=-1"];
  const text = await kubectl(plane, ...args, "--all-containers", "--max-log-requests=50");
  return [{ place: `pods of ${plane}`, text }];
}

/** Tables, indexes and the write-ahead log, as they lie on the disk; the server writes its own to the machine's logs. */
function database() {
  const data = join(here.cloud, "postgres", "data");
  const folders = ["base", "pg_wal"].map((folder) => join(data, folder));
  return folders
    .flatMap(filesBeneath)
    .map((path) => ({ place: `database ${path}`, text: readFileSync(path, "latin1") }));
}

function edge() {
  return ["edge", "cloud-database"].map((name) => {
    return { place: `log of ${name}`, text: readFileSync(join(here.logs, `${name}.log`), "latin1") };
  });
}

function filesBeneath(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
