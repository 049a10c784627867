/** A secret's whole life by the real client, and that its value is nowhere but with the task that asked for it. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateSecretCommand, DeleteSecretCommand } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { Secret_MountType } from "../../gen/flyteidl2/core/security_pb.js";
import { runExample } from "../support/client.ts";
import { containerRun, containerTask } from "../support/container-run.ts";
import { customerCluster, settingsOf, without } from "../support/customer-cluster.ts";
import { evidenceFor } from "../support/evidence.ts";
import { kubectl, platform } from "../support/kubectl.ts";
import { environment, here } from "../support/local-run.ts";
import { scrapeAll } from "../support/metrics.ts";
import { runClient } from "../support/runs.ts";
import { backendsHolding, secretBackends, secretsManager } from "../support/secret-backends.ts";
import { secret } from "../support/user-secrets.ts";
import { keptByRegion, placesHolding } from "../support/written.ts";

const { proves } = evidenceFor("client/secrets");
const { project, domain } = environment;
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");
const own = ["--project", project, "--domain", domain];
const values = { env: marker(), file: marker(), other: marker() };
const places: [name: string, value: string, place: string[]][] = [
  ["example-env", values.env, own],
  // Of the whole project, in whichever domain.
  ["example-file", values.file, ["--project", project]],
  ["example-of-another-project", values.other, ["--project", "another", "--domain", domain]],
];
const folder = mkdtempSync(join(tmpdir(), "biplane-secrets-"));

function marker(): string {
  return `marker-${randomBytes(18).toString("hex")}`;
}

beforeAll(async () => {
  await Promise.all(
    places.map(([name, value, place]) => {
      const file = join(folder, name);
      // By file, so that no list of processes shows it.
      writeFileSync(file, value, { mode: 0o600 });
      return secret("create", [name, "--from-file", file, ...place]);
    }),
  );
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  // The first is deleted by a test.
  await Promise.all(places.slice(1).map(([name, , place]) => secret("delete", [name, ...place])));
});

describe("users' secrets", () => {
  it("reach the task that asks for them, and no task of another project, which is told why", async () => {
    proves(
      ["data-secrets-runtime-injection", "secrets-scoping"],
      "a secret that the task's own project lacks starts no pod",
    );
    const [given, refused] = await Promise.all([
      runExample("with_secrets", "digests"),
      runExample("with_secrets", "never_runs"),
    ]);
    expect(given.result.exitCode, given.result.stderr).toBe(0);
    const runs = await runClient();
    await runs.ended(given.name);
    const digest = (value: string) => createHash("sha256").update(value).digest("hex");
    expect(JSON.parse(await runs.outputString(given.name))).toEqual([digest(values.env), digest(values.file)]);

    const details = await runs.ended(refused.name);
    expect(details.status?.phase).toBe(ActionPhase.FAILED);
    const told = details.result.case === "errorInfo" ? details.result.value.message : "";
    expect(told).toBe(
      `The cluster refused the task's pod: the task asks for secret "example-of-another-project", which neither project ` +
        `${project} in domain ${domain}, nor project ${project}, nor domain ${domain}, nor the organisation has; secrets ` +
        `of other projects cannot be used. Create it with \`flyte create secret example-of-another-project ` +
        `--project ${project} --domain ${domain}\`.`,
    );
  });

  it("rest in the backend that the plane is set to, and in no other", async () => {
    proves(["data-secrets-backends"], "a value that is put into the other backend is found there by the same search");
    const configured = (await settingsOf("secrets")).SECRET_BACKEND ?? "";
    expect(Object.keys(secretBackends)).toContain(configured);
    // Of those whose task has not run: what runs has its own beside it, in the cluster.
    expect(await backendsHolding(values.other)).toEqual([configured]);
    expect(ours ? placesHolding(await keptByRegion(), values.other) : []).toEqual([]);

    const planted = marker();
    const { ARN } = await secretsManager.send(new CreateSecretCommand({ Name: planted, SecretString: planted }));
    try {
      expect(await backendsHolding(planted)).toEqual(["aws-secrets-manager"]);
    } finally {
      await secretsManager.send(new DeleteSecretCommand({ SecretId: ARN, ForceDeleteWithoutRecovery: true }));
    }
  });

  it("reach a pod that starts while the region cannot be reached, from the plane's own backend", async () => {
    proves(
      ["wf-secrets-not-via-cp-at-runtime"],
      "a pod that is given another value than it was told to expect ends with an error",
    );
    const namespace = `${project}-${domain}`;
    const { core } = customerCluster;
    const runs = await runClient();
    const start = async (expected: string) => {
      const name = `t${randomBytes(7).toString("hex")}`;
      await runs.client.createRun(secondTime(name, createHash("sha256").update(expected).digest("hex")));
      return name;
    };
    const [right, wrong] = await Promise.all([start(values.env), start(values.other)]);
    const podOf = async (run: string, attempt: number) => {
      const { items } = await core.listNamespacedPod({ namespace, labelSelector: `run=${run}` });
      return items.find(({ metadata }) => metadata?.name === `${run}-a0-${attempt}`);
    };
    const phases = async (attempt: number) =>
      Promise.all([right, wrong].map(async (run) => (await podOf(run, attempt))?.status?.phase));
    const soon = { timeout: 120_000, interval: 500 };
    await vi.waitFor(async () => expect(await phases(0)).toEqual(["Running", "Running"]), soon);
    await without("tunnel", async () => {
      expect(await phases(1)).toEqual([undefined, undefined]);
      // What the first attempt was given is no help to the second.
      const labelSelector = "app.kubernetes.io/managed-by=biplane-secrets";
      const given = (await core.listNamespacedSecret({ namespace, labelSelector })).items.filter(({ metadata }) =>
        metadata?.ownerReferences?.some(({ name }) => [`${right}-a0`, `${wrong}-a0`].includes(name)),
      );
      expect(given.length).toBeGreaterThan(0);
      for (const { metadata } of given) await core.deleteNamespacedSecret({ namespace, name: metadata?.name ?? "" });
      await vi.waitFor(async () => expect(await phases(1)).toEqual(["Succeeded", "Failed"]), soon);
      expect((await podOf(wrong, 1))?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(3);
    });
    const ends = await Promise.all([right, wrong].map((run) => runs.ended(run)));
    expect(ends.map(({ status }) => ActionPhase[status?.phase ?? 0])).toEqual(["SUCCEEDED", "FAILED"]);
  });

  it("are told by name and scope, and gone once deleted", async () => {
    proves(["secrets-write-only-api"], "a value that is printed is found in what was printed");
    const told = await secret("get", ["example-env", ...own]);
    expect(told).toContain("example-env");
    expect(told).toContain("FULLY_PRESENT");
    const all = await secret("get", own);
    expect(all).toContain("example-env");
    expect(all).not.toContain("another");
    expect(`${told}${all}`).not.toContain(values.env);
    await secret("delete", ["example-env", ...own]);
    await expect(secret("get", ["example-env", ...own])).rejects.toThrow(/does not exist/);
  });

  it("are in no database, log, metric, object or file of either plane, and in no specification of a pod or an action", async () => {
    proves(
      ["secrets-relay-not-stored", "secrets-runtime-only-consumption", "audit-secret-operations"],
      "the same search finds a secret's name in the database and in the region's log",
    );
    const sinks = new Map<string, Buffer[]>();
    for (const place of ["cloud/postgres", "cloud/objects", "cloud/kept.json", "logs", "stacks", "client-home"]) {
      sinks.set(place, contents(join(here.state, place)));
    }
    for (const plane of ["region", "customer"] as const) {
      const pods = (await kubectl(plane, "get", "pods", "-n", platform[plane], "-o", "name")).split("\n");
      const logs = pods.map((pod) => kubectl(plane, "logs", "-n", platform[plane], pod, "--tail=-1"));
      sinks.set(`${plane} logs`, (await Promise.all(logs)).map(Buffer.from));
      const metrics = ours ? await scrapeAll(plane) : [];
      expect(metrics.length).toBeGreaterThanOrEqual(ours ? 6 : 0);
      sinks.set(
        `${plane} metrics`,
        metrics.map(({ text }) => Buffer.from(text)),
      );
    }
    const specs = await kubectl("customer", "get", "pods,taskactions,configmaps,events", "-A", "-o", "json");
    sinks.set("specifications", [Buffer.from(specs)]);

    const found = (text: string) =>
      [...sinks].flatMap(([sink, all]) => (all.some((one) => one.includes(text)) ? sink : []));
    expect(found("example-of-another-project")).toEqual(
      expect.arrayContaining(["cloud/postgres", "customer logs", "specifications"]),
    );
    for (const [name, value] of Object.entries(values)) {
      for (const form of [value, Buffer.from(value).toString("base64"), Buffer.from(value).toString("hex")]) {
        expect(found(form), `the value of ${name}`).toEqual([]);
      }
    }
  });
});

/**
 * Fails once, some seconds after it has begun; the second time it ends well if the secret has the digest.
 * @param digest SHA-256, hexadecimal
 */
function secondTime(name: string, digest: string) {
  const program = [
    "import hashlib, os, sys, time",
    'if os.environ["FLYTE_ATTEMPT_NUMBER"] == "0": time.sleep(20); sys.exit(1)',
    `sys.exit(0 if hashlib.sha256(os.environ["EXAMPLE"].encode()).hexdigest() == "${digest}" else 3)`,
  ].join("\n");
  const { shortName, taskTemplate } = containerTask("secrets");
  const wish = { key: "example-env", envVar: "EXAMPLE", mountRequirement: Secret_MountType.ENV_VAR };
  const template = {
    ...taskTemplate,
    target: {
      case: "container" as const,
      value: { image: environment.taskImage, command: ["python3", "-c"], args: [program] },
    },
    metadata: { retries: { retries: 1 } },
    securityContext: { secrets: [wish] },
  };
  return containerRun(name, { shortName, taskTemplate: template });
}

function contents(path: string): Buffer[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true, recursive: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return [readFileSync(path)];
    throw error;
  }
}
