/** After URLs were signed and logs were relayed: neither is in anything that the region wrote down. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { ArtifactType, DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { accessToken, api, https } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { withPlanted } from "../support/database-rows.ts";
import { sayOfPod } from "../support/events.ts";
import { evidenceFor } from "../support/evidence.ts";
import { checkout, environment } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";
import { keptByRegion, placesHolding, saidBy, type Written } from "../support/written.ts";

const { proves } = evidenceFor("data/nothing-kept");
const { org, project, domain } = environment;
// A given cluster's own logs are its owner's.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");
/** Said by the task, and by nobody else on this machine. */
const marker = `kept-nowhere-${Date.now().toString(36)}`;
/** Said by Kubernetes about the task's pod. */
const eventMarker = `event-${marker}`;
/** Stands in the task's code, and is said by nobody. */
const codeMarker = `code-${marker}`;
/** What a redactor would take for secrets, made here so that nobody's scanner finds one in this file. */
const secretive = [`password=${"hunter2"}`, `AKIA${"IOSFODNN7EXAMPLE"}`, `Bearer ${"eyJhbGciOiJub25lIn0"}.e30.`].join(
  " ",
);
const said = `saying hello to ${marker} ${secretive}`;

describe.skipIf(!ours)("what passes through the region", () => {
  let run: string;
  const signatures: string[] = [];
  const relayed: string[] = [];
  let bundle: string;
  let returned: string;
  let written: Written[];

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "biplane-nothing-kept-"));
    const code = readFileSync(join(checkout, "examples/hello.py"), "utf8");
    writeFileSync(join(folder, "hello.py"), `${code}\n# ${codeMarker}\n`);
    const args = ["--name", `${marker} ${secretive}`, "--n", "1"];
    const { name, result } = await runExample("hello", "hello", args, { folder });
    rmSync(folder, { recursive: true });
    expect(result.exitCode, result.stderr).toBe(0);
    run = name;
    const data = api(DataProxyService, await accessToken());
    const actionId = { name: "a0", run: { org, project, domain, name: run } };
    for await (const { logs } of data.tailLogs({ actionId, attempt: 1 }))
      relayed.push(...logs.flatMap(({ lines }) => lines.map(({ message }) => message)));
    await sayOfPod(`${run}-a0-0`, eventMarker);
    const runs = await runClient();
    const events = await runs.clusterEvents(run);
    expect(events.map(({ message }) => message)).toContain(eventMarker);
    returned = await runs.outputString(run);
    const source = { case: "actionAttemptId" as const, value: { actionId, attempt: 1 } };
    const link = await data.createDownloadLink({ artifactType: ArtifactType.CODE_BUNDLE, source });
    const { body } = await https(link.preSignedUrls?.signedUrl[0] ?? "");
    bundle = gunzipSync(body).toString("latin1");
    for (let made = 0; made < 3; made++) {
      const request = { org, project, domain, filename: `${made}.bin`, contentMd5: new Uint8Array(16) };
      const { signedUrl } = await data.createUploadLocation(request);
      signatures.push(new URL(signedUrl).searchParams.get("X-Amz-Signature") ?? "");
    }
    written = [...(await saidBy("region")), ...(await saidBy("customer")), ...(await keptByRegion())];
  });

  const holding = (text: string) => placesHolding(written, text);

  it("is searched for where it would be: what may be written is found there", () => {
    expect(holding(run).some((place) => place.startsWith("database"))).toBe(true);
    expect(written.filter(({ place, text }) => place.startsWith("pods") && text.includes('"started"')).length).toBe(2);
    const measured = written.filter(({ place }) => place.startsWith("metrics"));
    expect(measured.length).toBeGreaterThanOrEqual(14);
    expect(measured.filter(({ text }) => text.includes('rpc_method="TailLogs"')).length).toBeGreaterThanOrEqual(4);
    expect(holding(run).filter((place) => place.startsWith("metrics"))).toEqual([]);
  });

  it("is found there also where Postgres packs it, as it does with what is longer than 2 KB", async () => {
    const planted = `planted-${marker}`;
    await withPlanted(`${planted} ${"and so on ".repeat(2_000)}`, async () => {
      const found = placesHolding(await keptByRegion(), planted);
      expect(found).toEqual(["table biplane_planted.public.planted"]);
    });
  });

  it("presigned URLs are in no log or metric of either plane's services, of the edge, nor in the database", () => {
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
      [
        "relay-not-persisted",
        "data-logs-never-in-cp",
        "cp-relays-streams",
        "objstore-structured-io",
        "cp-no-customer-payloads",
      ],
      "a log that holds the line is found by the same search",
    );
    expect(returned).toContain(marker);
    expect(holding(marker)).toEqual([]);
    written.push({ place: "sabotage", text: said });
    expect(holding(marker)).toEqual(["sabotage"]);
    written.pop();
  });

  it("lines come as the task wrote them, also those that look like secrets", () => {
    proves(["logs-no-redaction"], "a line of which one word was blacked out is not what was written");
    expect(relayed).toContain(said);
    expect(relayed).not.toContain(said.replace("hunter2", "***"));
  });

  it("its code is in the bundle in the customer's bucket, and in none of them", () => {
    proves(
      ["wf-registration-spec-only", "arch-customer-data-stays"],
      "a table that holds a line of the code is found by the same search",
    );
    expect(bundle).toContain(codeMarker);
    expect(holding(codeMarker)).toEqual([]);
    written.push({ place: "sabotage", text: `# ${codeMarker}` });
    expect(holding(codeMarker)).toEqual(["sabotage"]);
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
