/** What a compute plane may say to its region: the work of orchestration, and no RPC that carries a customer's data. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { evidenceFor, ofRegion } from "../test/support/evidence.ts";
import type { Identity } from "./data/tunnel/identity.ts";
import { openLink, type RegionLink } from "./data/tunnel/link.ts";
import { postText } from "./shared/testing/http2.ts";
import { type LinkWorld, startLinkWorld } from "./testing/link-world.ts";

const { proves } = evidenceFor("services/second-channel", ofRegion);
const generated = join(import.meta.dirname, "../gen");

/** By what seed 004 lists: lifecycle of actions and of apps, and their events; registration, renewal and heartbeats; look-ups of projects. */
const carried = [
  "biplane.queue.v1.ExecutorQueueService",
  "biplane.cluster.v1.ClusterLinkService",
  "biplane.projects.v1.ProjectDirectoryService",
  "biplane.apps.v1.AppDirectoryService",
];

let world: LinkWorld;
let link: RegionLink;
let services: DescService[];

beforeAll(async () => {
  world = await startLinkWorld();
  const tunnel = await world.startTunnel();
  await vi.waitUntil(() => tunnel.store.saved.relayHost !== undefined, { timeout: 60_000, interval: 100 });
  // The tunnel itself would refuse before it asks: what counts is the region's answer to whoever holds its key.
  link = openLink(tunnel.store.saved as Identity);
  services = await everyService();
});
afterAll(async () => {
  link?.close();
  await world?.stop();
});

describe("the channel by which a compute plane calls its region", () => {
  it("carries orchestration, and refuses every other RPC that there is", async () => {
    proves(["grpc-carries-orchestration-only"], "the RPCs that it carries, asked the same way, are not refused alike");
    const methods = services.flatMap((service) => service.methods);
    const served = new Set<string>();
    for (const { name, parent } of methods) {
      const answer = await postText(link, `/${parent.typeName}/${name}`, { "content-type": "application/proto" });
      if (!answer.includes('"unimplemented"')) served.add(parent.typeName);
    }
    expect(methods.length).toBeGreaterThan(100);
    expect([...served].sort()).toEqual([...carried].sort());
  });
});

/** Of all generated files, so that a new service is asked for as well. */
async function everyService(): Promise<DescService[]> {
  const files = readdirSync(generated, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith("_pb.js"));
  const modules: Record<string, unknown>[] = await Promise.all(files.map((file) => import(join(generated, file))));
  return modules.flatMap((module) => Object.values(module)).filter(isService);
}

function isService(value: unknown): value is DescService {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "service";
}
