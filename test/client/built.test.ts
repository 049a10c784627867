/** Images that the real client has built in the cluster (`--image-builder remote`), and what a build is refused. */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DescribeImagesCommand, ECRClient, ImageNotFoundException } from "@aws-sdk/client-ecr";
import type { V1Pod } from "@kubernetes/client-node";
import { execa } from "execa";
import { describe, expect, it, vi } from "vitest";
import { renderBuildPod } from "../../components/image-builder/build-pod.ts";
import { builderService, buildNamespace, buildPodName } from "../../components/image-builder/contract.ts";
import { nameLabel } from "../../components/workloads/labels.ts";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { aptPackage, pipPackage } from "../../sandbox/cloud/packages/stand-in.ts";
import { locateToolchain } from "../../sandbox/toolchain/index.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { flyteSays } from "../support/client.ts";
import { customerCluster } from "../support/customer-cluster.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment, here } from "../support/local-run.ts";
import { buildRunOf, runBuilt, taskLog } from "../support/remote-build.ts";
import { runClient } from "../support/runs.ts";

const { proves } = evidenceFor("client/built");
const built = String(environment.outputs.customer.namespaces).split(",").includes(buildNamespace);
const patience = { timeout: 60_000, interval: 500 };
const image = `built-${randomBytes(4).toString("hex")}`;

const run = (env: Record<string, string>) => runBuilt({ BIPLANE_IMAGE_NAME: image, ...env });
/** By the rule that the local customer has set (sandbox/stacks.ts). */
const tagOf = (text: string) => {
  const [, version = ""] = /Image [\w-]+:(\w+) not found, building/.exec(text) ?? [];
  return `${environment.project}.${environment.domain}.${image}-${version}`;
};

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

    proves(["image-tagging-customer-defined"], "by the tag of the usual rule the registry tells of no such image");
    const tag = tagOf(text);
    expect(await recorded(tag.slice(tag.indexOf(image)))).toBeUndefined();
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
    // Another for each try, since what an earlier one has built is there.
    const word = `second-${randomBytes(4).toString("hex")}`;
    const changed = await run({ BIPLANE_WORD: word });
    expect(changed.exitCode, changed.text).toBe(0);
    expect(await outputOf(changed.name)).toContain(`; ${word}`);
    const log = await taskLog(buildRunOf(changed.text));
    expect(log.match(/^#\d+ CACHED$/gm)).toHaveLength(4);
    const again = await run({ BIPLANE_WORD: "first" });
    expect(again.exitCode, again.text).toBe(0);
    expect(await taskLog(buildRunOf(again.text))).toMatch(/^\S+ is there already\n/);
    expect(await outputOf(again.name)).toContain("; first");
  });

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
    const error = JSON.stringify(ended.result?.value ?? ended.attempts.at(-1)?.errorInfo);
    expect(error).toContain("the reason is here");
    // The region keeps it, which is to know of no layer.
    expect(error).not.toMatch(/extracting sha256:/);
    expect(await recorded(tagOf(text))).toBeUndefined();
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
