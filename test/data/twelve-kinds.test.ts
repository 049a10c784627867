/** Appendix A on live runs: where each of its twelve kinds of data rests, how it is got, and what the region has of it. */
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ObjectStoreService } from "../../gen/biplane/objectstore/v1/object_store_pb.js";
import { holds, manifestTypes, registryAddress } from "../../sandbox/images/registry.ts";
import { readyParts } from "../../sandbox/toolchain/index.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { accessToken, https } from "../support/api.ts";
import { beside } from "../support/beside.ts";
import { customerCluster, settingsOf } from "../support/customer-cluster.ts";
import { bulkBytes, digestOf, type EveryKind, leaveEveryKind } from "../support/every-kind.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment, here } from "../support/local-run.ts";
import { logGroupName, storedLogs } from "../support/log-store.ts";
import { received } from "../support/received.ts";
import { runClient } from "../support/runs.ts";
import { backendsHolding } from "../support/secret-backends.ts";
import { statedOf } from "../support/statement.ts";
import { objectsSince } from "../support/stored-objects.ts";
import { keptByRegion, placesHolding, saidBy } from "../support/written.ts";

const { proves } = evidenceFor("data/twelve-kinds");
const { org, project, domain, outputs, taskImage } = environment;
const namespace = `${project}-${domain}`;
const metadata = `s3://${outputs.customer.metadataBucket}/${org}/${project}/${domain}/`;
const fastRegistration = `s3://${outputs.customer.fastRegistrationBucket}/${org}/${project}/${domain}/`;
// What a given cluster says, and what comes to it, is its owner's to tell.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");
const isWhole = ours && logGroupName !== undefined && readyParts(here).includes("metrics");
const hosts = ["region", "edge", "cloud"] as const;

describe.skipIf(!isWhole)(
  "data of twelve kinds",
  { ...needs(logGroupName ? "metrics" : "logs"), timeout: 300_000 },
  () => {
    let left: EveryKind;
    let start: Date;
    let before: number[];
    beforeAll(async () => {
      // The store tells whole seconds.
      start = new Date(Math.floor(Date.now() / 1_000) * 1_000);
      before = await Promise.all(hosts.map(received));
      left = await leaveEveryKind();
    }, 300_000);
    afterAll(() => left?.close());

    it("rest where appendix A says, come by the way it says, and are in the region only if it says so", async () => {
      proves(
        ["residency-summary-appendix-a"],
        "a log of the region that holds a line of the task is found by the same search, and the same counter sees the " +
          "bytes of files and reports come to the customer's store",
      );
      const { words, run, failed, relayed } = left;

      // Bulk: files, code and reports, by URLs of the store.
      const objects = await objectsSince(start);
      const at = (text: string) => placesHolding(objects, text);
      const beneath = (prefix: string) => [expect.stringContaining(prefix)];
      expect(at(words.bulk)).toEqual(beneath(metadata));
      expect(at(words.report)).toEqual([`${metadata}${run}/a0/1/report.html`]);
      // Both runs have the same code, and so one bundle.
      expect(at(words.code)).toEqual(beneath(fastRegistration));
      const got = await byUrl([words.bulk, words.report, words.code].flatMap(at));
      expect(got.map(({ host }) => host)).toEqual(got.map(() => new URL(environment.aws.endpointUrl).host));
      expect(got[0]?.body.includes(words.bulk)).toBe(true);
      expect(got[1]?.body.includes(words.report)).toBe(true);

      // Images, by the node itself.
      const [repository = "", digest = ""] = taskImage.slice(taskImage.indexOf("/") + 1).split("@");
      const { status } = await customerCluster.core.readNamespacedPod({ namespace, name: `${run}-a0-0` });
      expect(status?.containerStatuses?.map(({ imageID }) => imageID)).toEqual([expect.stringContaining(digest)]);
      expect(await holds(registryAddress, repository, digest)).toBe(true);
      const layers = await layersOf(repository, digest);

      // Structured values, logs, events and metrics, through the region.
      expect(at(words.returned)).toEqual([`${metadata}${run}/a0/1/outputs.pb`]);
      expect(relayed.outputs).toContain(`${words.returned} ${digestOf(words.secret)}`);
      expect(relayed.logs).toContain(words.logs);
      await vi.waitFor(async () => expect((await storedLogs(`${run}-a0-0`)).join("\n")).toContain(words.logs), {
        ...{ timeout: 120_000, interval: 500 },
      });
      expect(relayed.events).toContain(words.events);
      const { items } = await customerCluster.core.listNamespacedEvent({ namespace });
      expect(items.map(({ message }) => message)).toContain(words.events);
      expect(relayed.memoryBytes).toBeGreaterThan(1_000_000);

      // Secrets, which the pod was given: see what it returned.
      expect(await backendsHolding(words.secret)).toContain((await settingsOf("secrets")).SECRET_BACKEND);

      // What work is to be done, how it went and who is who, of record.
      const runs = await runClient();
      const details = await runs.ended(failed);
      const spec = details.spec.case === "task" ? details.spec.value : undefined;
      const container = spec?.taskTemplate?.target;
      expect(container?.case === "container" ? container.value.env.map(({ value }) => value) : []).toContain(
        words.definition,
      );
      expect(details.result.case === "errorInfo" ? details.result.value.message : "").toContain(words.message);

      const kept = [...(await saidBy("region")), ...(await keptByRegion())];
      const where = (text: string) => placesHolding(kept, text);
      const { given, definition, message, ...others } = words;
      expect({ definition, message, people: environment.clientId }).toSatisfy((recorded: Record<string, string>) =>
        Object.values(recorded).every((word) => where(word).some((place) => place.startsWith("table"))),
      );
      // What was measured is a number, and no word to look for: DAT-01 judges that no column has a place for one.
      const elsewhere = { given, ...others, ...layers };
      expect(Object.entries(elsewhere).flatMap(([kind, word]) => where(word).map((place) => [kind, place]))).toEqual(
        [],
      );
      kept.push({ place: "sabotage", text: `{"said":"${words.logs}"}` });
      expect(where(words.logs)).toEqual(["sabotage"]);

      const after = await Promise.all(hosts.map(received));
      const [toRegion = 0, toEdge = 0, toCloud = 0] = after.map((bytes, host) => bytes - (before[host] ?? 0));
      expect(toCloud).toBeGreaterThan(2 * bulkBytes);
      expect(toRegion).toBeLessThan(bulkBytes);
      expect(toEdge).toBeLessThan(bulkBytes);
    });
  },
);

/** Each object's bytes, by a URL that the customer's plane signs for it. */
async function byUrl(uris: string[]): Promise<{ host: string; body: Buffer }[]> {
  const [stated, plane] = [await statedOf(await accessToken()), await beside("customer", "objectstore")];
  const store = createClient(ObjectStoreService, plane.transport);
  const got = [];
  try {
    for (const uri of uris) {
      const request = { org, project, domain, uri, expiresInSeconds: 60n };
      const url = new URL((await store.signDownload(request, { headers: await stated.headers() })).signedUrl);
      const { status, body } = await https(url.href);
      if (status !== 200) throw new Error(`${uri}: ${status}`);
      got.push({ host: url.host, body });
    }
    return got;
  } finally {
    plane.close();
    stated.close();
  }
}

/** @returns the digests of the image's layers, by their place in it */
async function layersOf(repository: string, digest: string): Promise<Record<string, string>> {
  const answer = await fetch(`http://${registryAddress}/v2/${repository}/manifests/${digest}`, {
    headers: { accept: manifestTypes },
  });
  const { layers } = (await answer.json()) as { layers: { digest: string }[] };
  expect(layers.length).toBeGreaterThan(0);
  return Object.fromEntries(layers.map((layer, at) => [`layer ${at}`, layer.digest]));
}
