/** Images that the real client has built in the cluster (`--image-builder remote`), and what a build is refused. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { gunzipSync } from "node:zlib";
import { DescribeImagesCommand, ECRClient, ImageNotFoundException } from "@aws-sdk/client-ecr";
import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import type { V1Pod } from "@kubernetes/client-node";
import { execa } from "execa";
import { describe, expect, it, vi } from "vitest";
import { renderBuildPod } from "../../components/image-builder/build-pod.ts";
import { builderService, buildNamespace, buildPodName } from "../../components/image-builder/contract.ts";
import { nameLabel } from "../../components/workloads/labels.ts";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { flyte } from "../../sandbox/client.ts";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { aptPackage, pipPackage } from "../../sandbox/cloud/packages/stand-in.ts";
import { type HostName, network } from "../../sandbox/hosts.ts";
import { enterNetwork } from "../../sandbox/network/namespace.ts";
import { locateToolchain } from "../../sandbox/toolchain/index.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { flyteSays } from "../support/client.ts";
import { customerCluster } from "../support/customer-cluster.ts";
import { evidenceFor } from "../support/evidence.ts";
import { checkout, environment, here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";
import { keptByRegion, placesHolding, saidBy, type Written } from "../support/written.ts";

const { proves } = evidenceFor("client/built");
const built = String(environment.outputs.customer.namespaces).split(",").includes(buildNamespace);
const patience = { timeout: 60_000, interval: 500 };
// What a given cluster says, and what comes to it, is its owner's to tell.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");
/** More than a region hears in a build, of whatever else goes on. */
const sourceBytes = 24 * 1024 * 1024;
const image = `built-${randomBytes(4).toString("hex")}`;

/** `flyte --image-builder remote run built.py speak`. @returns what it printed, in one line */
async function run(env: Record<string, string>): Promise<{ text: string; exitCode: number; name: string }> {
  const name = `t${randomBytes(7).toString("hex")}`;
  const args = ["--no-progress", "--image-builder", "remote", "run", "--follow", "--name", name, "built.py", "speak"];
  const { stdout, stderr, exitCode } = await flyte(here, environment, args, {
    cwd: join(checkout, "examples"),
    env: { BIPLANE_IMAGE_NAME: image, ...env },
  });
  return { text: stripVTControlCharacters(`${stdout}${stderr}`).replace(/[\s│]+/g, " "), exitCode, name };
}

const taskLog = async (run: string) => {
  const namespace = `${environment.project}-${environment.domain}`;
  return customerCluster.core.readNamespacedPodLog({ namespace, name: `${run}-a0-0`, container: "main" });
};
/** Of the build that a run of the client has asked for. */
const buildRunOf = (text: string) => /Started build at: \S+\/runs\/(\w+)/.exec(text)?.[1] ?? "";
const tagOf = (text: string) => /Image [\w-]+:(\w+) not found, building/.exec(text)?.[1] ?? "";

/** @returns the digest that the registry's own record has of the tag */
async function recorded(imageTag: string): Promise<string | undefined> {
  const ecr = new ECRClient(operatorClient(here, "customer"));
  const repositoryName = String(environment.outputs.customer.repository);
  const asked = ecr.send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag }] }));
  return asked.then(
    ({ imageDetails = [] }) => imageDetails[0]?.imageDigest,
    (error: unknown) => {
      if (error instanceof ImageNotFoundException) return undefined;
      throw error;
    },
  );
}

/** Pods of the build namespace while something is done: what stood there, and who was there. */
async function watchingBuilds<T>(work: () => Promise<T>): Promise<{ done: T; seen: Map<string, V1Pod> }> {
  const seen = new Map<string, V1Pod>();
  let over = false;
  const watching = (async () => {
    while (!over) {
      for (const pod of await buildPods()) seen.set(pod.metadata?.name ?? "", pod);
      await sleep(500);
    }
  })();
  try {
    return { done: await work(), seen };
  } finally {
    over = true;
    await watching;
  }
}

async function buildPods(): Promise<V1Pod[]> {
  const labelSelector = `${nameLabel}=${buildPodName}`;
  return (await customerCluster.core.listNamespacedPod({ namespace: buildNamespace, labelSelector })).items;
}

const outputOf = async (name: string) => (await runClient()).outputString(name);

/** C10 and C11 of the documents, and whether each is to end well; the builder has a namespace of its own. */
function documentedLines(tag: string): [string, boolean][] {
  const repository = environment.outputs.customer.repository;
  const inRegistry = (imageTag: string) =>
    `aws ecr describe-images --repository-name ${repository} --image-ids imageTag=${imageTag}`;
  return [
    [`kubectl get pods -n ${buildNamespace} | grep build`, true],
    [inRegistry(tag), true],
    [inRegistry(`${tag}-other`), false],
  ];
}

function shell(line: string) {
  const tools = locateToolchain(here);
  const { profile, region, endpointUrl, configFile, credentialsFile } = environment.aws;
  return execa("bash", ["-o", "pipefail", "-c", line], {
    reject: false,
    env: {
      PATH: [dirname(tools.bin("kubectl")), dirname(tools.bin("aws")), process.env.PATH].join(":"),
      KUBECONFIG: environment.kubeconfigs.customer,
      ...{ AWS_PROFILE: profile, AWS_REGION: region, AWS_PAGER: "", AWS_ENDPOINT_URL: endpointUrl },
      ...{ AWS_CONFIG_FILE: configFile, AWS_SHARED_CREDENTIALS_FILE: credentialsFile },
      AWS_CA_BUNDLE: environment.caFile,
    },
  });
}

/** Bytes that came to one of the hosts from the others, since it is up. */
async function received(host: HostName): Promise<number> {
  const [command = "", ...args] = enterNetwork(network.hosts[host].namespace);
  const { stdout } = await execa(command, [...args, "cat", "/proc/net/dev"]);
  return Number(/^\s*eth0:\s*(\d+)/m.exec(stdout)?.[1]);
}

const receivedBy = async <Host extends HostName>(hosts: readonly Host[]) =>
  Object.fromEntries(await Promise.all(hosts.map(async (host) => [host, await received(host)] as const))) as Record<
    Host,
    number
  >;

/** Objects of the customer's buckets that were written since, unpacked. */
async function objectsSince(start: Date): Promise<Written[]> {
  const client = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });
  const { metadataBucket, fastRegistrationBucket } = environment.outputs.customer;
  const found: Written[] = [];
  for (const Bucket of [metadataBucket, fastRegistrationBucket].map(String))
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket }))
      for (const { Key = "", LastModified } of Contents) {
        if (!LastModified || LastModified < start) continue;
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        const content = Buffer.from((await Body?.transformToByteArray()) ?? []);
        const isPacked = content[0] === 0x1f && content[1] === 0x8b;
        found.push({
          place: `s3://${Bucket}/${Key}`,
          text: (isPacked ? gunzipSync(content) : content).toString("latin1"),
        });
      }
  return found;
}

const noBuilds = () => vi.waitFor(async () => expect(await buildPods()).toEqual([]), patience);

describe.skipIf(!built)("an image that is built remotely", { ...needs("images"), timeout: 240_000 }, () => {
  it("has its Python and its Debian package, is pushed by a build pod of its own, and runs the task", async () => {
    proves(
      ["builder-on-customer-cluster", "builder-push-customer-registry", "verify-build-triggered", "verify-build-pod"],
      "before the build no pod of it stands and the registry tells of no such image; after it the pod is gone again",
    );
    proves(["verify-image-in-registry"], "asked for another tag, the documented command fails");
    await noBuilds();
    const { done, seen } = await watchingBuilds(() => run({ BIPLANE_WORD: "first" }));
    const { text, exitCode, name } = done;
    expect(exitCode, text).toBe(0);
    expect(await outputOf(name)).toBe(`${pipPackage.says}; ${aptPackage.says}; first`);

    const [pod] = [...seen.values()];
    expect(seen.size).toBe(1);
    const asMade = renderBuildPod({ name: "", image: String(pod?.spec?.containers[0]?.image), seconds: 0 }).spec;
    expect(pod?.spec?.securityContext).toEqual(asMade?.securityContext);
    expect(pod?.spec?.containers[0]?.securityContext).toEqual(asMade?.containers[0]?.securityContext);
    expect(pod?.spec?.volumes?.filter(({ hostPath, projected }) => hostPath || projected)).toEqual([]);
    await noBuilds();

    const tag = `${image}-${tagOf(text)}`;
    const digest = await recorded(tag);
    const pushed = `${environment.outputs.customer.repositoryUrl}@${digest}`;
    expect(text).toContain(pushed);
    expect(await recorded(`${tag}-other`)).toBeUndefined();
    const log = await taskLog(buildRunOf(text));
    expect(log).toContain(`FROM ${environment.taskImage}`);
    expect(log).toContain(`pushing manifest for ${environment.outputs.customer.repositoryUrl}:${tag}`);
    expect(log).not.toContain("CACHED");
    expect(log).toContain(`scan of ${pushed}: `);
    const [builder] = (
      await customerCluster.core.listNamespacedPod({
        namespace: buildNamespace,
        labelSelector: `${nameLabel}=${builderService}`,
      })
    ).items;
    const container = { namespace: buildNamespace, name: builder?.metadata?.name ?? "", container: builderService };
    expect(await customerCluster.core.readNamespacedPodLog(container)).toContain(`:${tag}`);
    for (const [line, ends] of documentedLines(tag)) expect((await shell(line)).exitCode === 0, line).toBe(ends);
  });

  it("is taken from the cache where nothing has changed, and one layer at a time where something has", async () => {
    const changed = await run({ BIPLANE_WORD: "second" });
    expect(changed.exitCode, changed.text).toBe(0);
    expect(await outputOf(changed.name)).toContain("; second");
    const log = await taskLog(buildRunOf(changed.text));
    expect(log.match(/^#\d+ CACHED$/gm)).toHaveLength(4);
    const again = await run({ BIPLANE_WORD: "first" });
    expect(again.exitCode, again.text).toBe(0);
    expect(await taskLog(buildRunOf(again.text))).toMatch(/^\S+ is there already\n/);
    expect(await outputOf(again.name)).toContain("; first");
  });

  it.skipIf(!ours)(
    "is made of source, and into layers, that never come to the region: not in bytes, not in words",
    async () => {
      proves(
        ["builder-source-stays", "builder-images-stay", "builder-source-by-presigned"],
        "the same search finds the source in the customer's bucket, and the same counter sees its bytes come to the store",
      );
      const marker = `source-${randomBytes(8).toString("hex")}`;
      const folder = mkdtempSync(join(tmpdir(), "biplane-source-"));
      const source = join(folder, "source.bin");
      // Nothing packs it smaller.
      writeFileSync(source, Buffer.concat([Buffer.from(marker), randomBytes(sourceBytes)]));
      const hosts = ["region", "edge", "cloud"] as const;
      // The store tells whole seconds.
      const start = new Date(Math.floor(Date.now() / 1_000) * 1_000);
      const before = await receivedBy(hosts);
      const { text, exitCode } = await run({ BIPLANE_SOURCE: source, BIPLANE_COMMAND: `: ${marker}` });
      rmSync(folder, { recursive: true });
      expect(exitCode, text).toBe(0);
      const after = await receivedBy(hosts);

      const log = await taskLog(buildRunOf(text));
      const pushes = [...log.matchAll(/pushing (?:manifest for|layers to)? ?(\S+[/:]\S+)/g)].map(([, to = ""]) => to);
      const repository = `${environment.outputs.customer.repositoryUrl}:`;
      expect(pushes.length, log).toBeGreaterThan(0);
      expect(pushes.filter((to) => !to.startsWith(repository))).toEqual([]);

      // The client has no credential of the store's: what it brings there comes by URLs that are signed for it.
      const fastRegistration = String(environment.outputs.customer.fastRegistrationBucket);
      const home = `s3://${fastRegistration}/${environment.org}/${environment.project}/${environment.domain}/`;
      const found = placesHolding(await objectsSince(start), marker);
      expect(found.length).toBeGreaterThan(0);
      expect(found.filter((place) => !place.startsWith(home))).toEqual([]);
      expect(placesHolding([...(await saidBy("region")), ...keptByRegion()], marker)).toEqual([]);

      const came = (host: (typeof hosts)[number]) => after[host] - before[host];
      expect(came("cloud")).toBeGreaterThan(sourceBytes);
      expect(came("region")).toBeLessThan(sourceBytes / 2);
      expect(came("edge")).toBeLessThan(sourceBytes / 2);
    },
  );

  it("is not made where a step fails: the log says which and why, the run's error ends with it, and no tag is left", async () => {
    const command = "echo the reason is here >&2; exit 7";
    const { text, exitCode } = await run({ BIPLANE_WORD: "failing", BIPLANE_COMMAND: command });
    expect(exitCode).not.toBe(0);
    const build = buildRunOf(text);
    expect(await taskLog(build)).toMatch(/the reason is here/);
    const shown = await flyteSays(["get", "logs", build], /the reason is here/);
    expect(shown).toContain("exit code: 7");
    const ended = await (await runClient()).ended(build);
    expect(ended.status?.phase).toBe(ActionPhase.FAILED);
    expect(JSON.stringify(ended.result?.value ?? ended.attempts.at(-1)?.errorInfo)).toContain("the reason is here");
    expect(await recorded(`${image}-${tagOf(text)}`)).toBeUndefined();
  });

  it("is refused where its base is of a registry that was not approved, before any pod is made for it", async () => {
    proves(["builder-base-images-approved"], "the same image on a base of the approved registry was built");
    const base = "docker.io/library/python:3.12-slim";
    await noBuilds();
    const { done, seen } = await watchingBuilds(() => run({ BIPLANE_BASE_IMAGE: base }));
    expect(done.exitCode).not.toBe(0);
    expect(seen.size).toBe(0);
    const log = await taskLog(buildRunOf(done.text));
    expect(log).toContain(
      `the base image is "${base}"; allowed: from an approved registry (registry.biplane.test/biplane).`,
    );
  });
});
