/** What an image is made of, and the image itself, on their ways: none leads through the region. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildNamespace } from "../../components/image-builder/contract.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment } from "../support/local-run.ts";
import { received } from "../support/received.ts";
import { buildRunOf, runBuilt, taskLog } from "../support/remote-build.ts";
import { objectsSince } from "../support/stored-objects.ts";
import { keptByRegion, placesHolding, saidBy } from "../support/written.ts";

const { proves } = evidenceFor("data/build-source");
const { org, project, domain, outputs } = environment;
const fastRegistration = String(outputs.customer.fastRegistrationBucket);
// What a given cluster says, and what comes to it, is its owner's to tell.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");
const built = ours && String(outputs.customer.namespaces).split(",").includes(buildNamespace);
/** Many times what a region hears in the time of a build, while nothing else is done. */
const sourceBytes = 24 * 1024 * 1024;
const hosts = ["region", "edge", "cloud"] as const;

describe.skipIf(!built)("an image that is built remotely", { ...needs("images"), timeout: 240_000 }, () => {
  it("is made of source, and into layers, that never come to the region: not in bytes, not in words", async () => {
    proves(
      ["builder-source-stays", "builder-images-stay", "builder-source-by-presigned"],
      "the same search finds the source in the customer's bucket, and the same counter sees its bytes come to the store",
    );
    const marker = `source-${randomBytes(8).toString("hex")}`;
    const folder = mkdtempSync(join(tmpdir(), "biplane-source-"));
    const source = join(folder, "source.bin");
    // Nothing packs it smaller.
    writeFileSync(source, Buffer.concat([Buffer.from(marker), randomBytes(sourceBytes)]));
    // The store tells whole seconds.
    const start = new Date(Math.floor(Date.now() / 1_000) * 1_000);
    const before = await Promise.all(hosts.map(received));
    const { text, exitCode } = await runBuilt({
      BIPLANE_IMAGE_NAME: `source-${randomBytes(4).toString("hex")}`,
      BIPLANE_SOURCE: source,
      BIPLANE_COMMAND: `: ${marker}`,
    });
    rmSync(folder, { recursive: true });
    expect(exitCode, text).toBe(0);
    const after = await Promise.all(hosts.map(received));
    const [toRegion = 0, toEdge = 0, toCloud = 0] = after.map((bytes, at) => bytes - (before[at] ?? 0));

    const log = await taskLog(buildRunOf(text));
    const pushes = [...log.matchAll(/pushing manifest for (\S+)/g)].map(([, to = ""]) => to);
    expect(pushes.length, log).toBeGreaterThan(0);
    expect(pushes.filter((to) => !to.startsWith(`${outputs.customer.repositoryUrl}:`))).toEqual([]);

    // The client has no credential of the store's: what it brings there comes by URLs that are signed for it.
    const home = `s3://${fastRegistration}/${org}/${project}/${domain}/`;
    const found = placesHolding(await objectsSince(start), marker);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((place) => !place.startsWith(home))).toEqual([]);
    expect(placesHolding([...(await saidBy("region")), ...(await keptByRegion())], marker)).toEqual([]);

    expect(toCloud).toBeGreaterThan(sourceBytes);
    expect(toRegion).toBeLessThan(sourceBytes / 2);
    expect(toEdge).toBeLessThan(sourceBytes / 2);
  });
});
