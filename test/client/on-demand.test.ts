/** Projects that the stack declares and the sync makes, from the client's call to a task's output; and one that is taken. */
import { stripVTControlCharacters } from "node:util";
import { ApiException, type V1Namespace, type V1Pod } from "@kubernetes/client-node";
import { afterAll, describe, expect, it, vi } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { ProjectService, ProjectState } from "../../gen/flyteidl2/project/project_service_pb.js";
import { flyte } from "../../sandbox/client.ts";
import { local } from "../../sandbox/stacks.ts";
import { accessToken, api } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { customerCluster, platform, readyPods } from "../support/customer-cluster.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment, here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const { proves } = evidenceFor("client/on-demand");
const { core } = customerCluster;
const [made, taken] = local.onDemand;
const namespaceOf = ({ project, domain }: { project: string; domain: string }) => `${project}-${domain}`;
const namespace = namespaceOf(made);
const patience = { timeout: 90_000, interval: 300 };

/** By the real client; a plane that was kept up since the last time has it already. */
async function createProject(id: string): Promise<void> {
  const args = ["--no-progress", "create", "project", "--id", id, "--name", id];
  const { stdout, stderr, exitCode } = await flyte(here, environment, args);
  const said = stripVTControlCharacters(`${stdout}${stderr}`);
  if (exitCode !== 0 && !/created successfully|already exists/i.test(said)) throw new Error(said);
}

async function found(name: string): Promise<V1Namespace | undefined> {
  try {
    return await core.readNamespace({ name });
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}

const setState = async (id: string, state: ProjectState) => {
  const client = api(ProjectService, await accessToken());
  await client.updateProject({ project: { id, name: id, org: environment.org, state } });
};
const podsAllowed = async () => (await core.readNamespacedResourceQuota({ name: "quota", namespace })).spec?.hard?.pods;

afterAll(async () => {
  // A project of the next run of this file, and of `verify`, which looks at what is there.
  await setState(made.project, ProjectState.ACTIVE);
  await vi.waitFor(async () => expect(await podsAllowed()).not.toBe("0"), patience);
});

describe("a project on demand", () => {
  it("has its namespace soon after the client has created it: walls, account and rights", async () => {
    await createProject(made.project);
    await vi.waitFor(async () => expect(await found(namespace)).toBeDefined(), patience);
    const all = async () => {
      const [quotas, limits, accounts] = await Promise.all([
        core.listNamespacedResourceQuota({ namespace }),
        core.listNamespacedLimitRange({ namespace }),
        core.listNamespacedServiceAccount({ namespace }),
      ]);
      const annotated = accounts.items.filter(({ metadata }) => metadata?.annotations?.["eks.amazonaws.com/role-arn"]);
      return [quotas.items.length, limits.items.length, annotated.map(({ metadata }) => metadata?.name)];
    };
    await vi.waitFor(async () => expect(await all()).toEqual([1, 1, ["default"]]), patience);
    const { metadata } = (await found(namespace)) ?? {};
    expect(metadata?.labels).toMatchObject({
      "biplane.dev/project": made.project,
      "pod-security.kubernetes.io/enforce": "restricted",
      "app.kubernetes.io/managed-by": "biplane-sync",
    });
  });

  it("runs a task of the real client", async () => {
    const options = ["--project", made.project, "--domain", made.domain];
    const { name, result } = await runExample("hello", "hello", ["--name", "on demand"], { follow: false, options });
    expect(result.exitCode, result.stderr).toBe(0);
    const details = await (await runClient(made)).ended(name);
    expect(details.status).toMatchObject({ phase: ActionPhase.SUCCEEDED });
    proves(
      ["iam-annotations-automatic"],
      "a pod of the platform whose account has no annotation is found by the same judgement to be bound to no role",
    );
    /** The role that its account names, and the one that it was given, with a token for it. */
    const rolesOf = async ({ metadata, spec }: V1Pod) => {
      const place = { namespace: metadata?.namespace ?? "", name: spec?.serviceAccountName ?? "" };
      const account = await core.readNamespacedServiceAccount(place);
      const env = new Map(spec?.containers[0]?.env?.map((one) => [one.name, one.value]));
      const named = account.metadata?.annotations?.["eks.amazonaws.com/role-arn"];
      return { named, given: env.get("AWS_ROLE_ARN"), byToken: env.has("AWS_WEB_IDENTITY_TOKEN_FILE") };
    };
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `run=${name}` });
    expect(items).toHaveLength(1);
    for (const pod of items) {
      const bound = await rolesOf(pod);
      expect(bound).toEqual({ named: expect.stringMatching(/role\/userflyterole/), given: bound.named, byToken: true });
    }
    const [unbound] = await readyPods("tunnel");
    if (!unbound) throw new Error("no tunnel runs");
    expect(await rolesOf(unbound)).toEqual({ named: undefined, given: undefined, byToken: false });
  });

  it("takes no pod while it is archived, and keeps what it has", async () => {
    await setState(made.project, ProjectState.ARCHIVED);
    await vi.waitFor(async () => expect(await podsAllowed()).toBe("0"), patience);
    expect((await found(namespace))?.metadata?.deletionTimestamp).toBeUndefined();
    await setState(made.project, ProjectState.ACTIVE);
    await vi.waitFor(async () => expect(await podsAllowed()).toBe("5k"), patience);
  });
});

describe("a namespace of another that has a declared project's name", () => {
  const name = namespaceOf(taken);

  it("is left as it is when the project is created, and that is told", async () => {
    const labels = { "pod-security.kubernetes.io/enforce": "restricted", owner: "somebody" };
    const since = Date.now() - 1_000;
    const before = await core.createNamespace({ body: { metadata: { name, labels } } });
    try {
      await createProject(taken.project);
      await setState(taken.project, ProjectState.ACTIVE);
      const told = async () => {
        const { items } = await core.listNamespacedEvent({ namespace: platform, fieldSelector: "reason=LeftAlone" });
        const now = items.filter(({ lastTimestamp }) => Number(lastTimestamp) >= since);
        expect(now.map(({ message }) => message).join("\n")).toContain(`Namespace ${name} is there`);
      };
      await vi.waitFor(told, patience);
      const after = await found(name);
      expect(after?.metadata?.uid).toBe(before.metadata?.uid);
      expect(after?.metadata?.labels).toEqual({ ...labels, "kubernetes.io/metadata.name": name });
      expect((await core.listNamespacedResourceQuota({ namespace: name })).items).toEqual([]);
    } finally {
      // Else the sync makes it when the stranger has gone, and there is no name for a stranger the next time.
      await setState(taken.project, ProjectState.ARCHIVED);
      await core.deleteNamespace({ name });
    }
  });
});
