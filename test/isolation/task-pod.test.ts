import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { ApiException, CoreV1Api, KubeConfig, type User } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { taskServiceAccount } from "../../components/identity/contract.ts";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { https } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { operator, roleOf, storeAs } from "../support/cloud-session.ts";
import { evidenceFor } from "../support/evidence.ts";
import { kubectl, platform } from "../support/kubectl.ts";
import { environment, here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const { proves, outdoes } = evidenceFor("isolation/task-pod");
const readSchema = z.object({ read: z.boolean(), error: z.string().optional() });
const probeSchema = z.object({
  static_keys: z.array(z.string()),
  own_role: z.string(),
  assume_own: z.object({ status: z.number() }),
  assume_admin: z.object({ status: z.number(), refusal: z.string().nullable() }),
  own_object: readSchema,
  foreign_object: readSchema,
  kubernetes_secrets: z.object({ token_mounted: z.boolean(), status: z.number().nullable() }),
  uid: z.number(),
});

const asAdministrator = new KubeConfig();
asAdministrator.loadFromFile(environment.kubeconfigs.customer);

/** What the API server answers who asks for the platform's Secrets. */
async function statusOfSecrets(user: User | null): Promise<number> {
  const cluster = asAdministrator.getCurrentCluster();
  if (!cluster || !user) throw new Error("the kubeconfig has no cluster or no user");
  const kube = new KubeConfig();
  kube.loadFromClusterAndUser(cluster, user);
  try {
    await kube.makeApiClient(CoreV1Api).listNamespacedSecret({ namespace: platform.customer });
    return 200;
  } catch (error) {
    if (error instanceof ApiException) return error.code;
    throw error;
  }
}

describe("a real task pod", () => {
  let run: string;
  let seen: z.infer<typeof probeSchema>;

  const bucket = String(environment.outputs.customer.metadataBucket);
  const { org, project, domain } = environment;
  const keys = { own: `${org}/${project}/${domain}/probe/own`, foreign: `globex/${project}/${domain}/probe/foreign` };
  const s3 = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });

  beforeAll(async () => {
    for (const Key of Object.values(keys)) await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "here" }));
    const uri = (key: string) => `s3://${bucket}/${key}`;
    const args = ["--own_object", uri(keys.own), "--foreign_object", uri(keys.foreign)];
    const { name, result } = await runExample("probe", "probe", args);
    expect(result.exitCode, `${result.stdout}${result.stderr}`).toBe(0);
    run = name;
    seen = probeSchema.parse(JSON.parse(await (await runClient()).outputString(name)));
  });

  afterAll(async () => {
    for (const Key of Object.values(keys)) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  });

  it("reads and writes its own prefix by its role, and not another's", () => {
    proves(["iam-user-object-store-rw"], "an object beneath another organisation's prefix is refused to the same role");
    expect(seen.own_object).toEqual({ read: true });
    expect(seen.foreign_object.read).toBe(false);
    expect(seen.foreign_object.error).toMatch(/denied|403|forbidden/i);
  });

  it("leaves what it returned beneath its run's prefix, written by its role", async () => {
    proves(["data-io-in-object-store"], "of an attempt that never was there is no such object");
    expect(seen.own_role).toMatch(/role\/userflyterole$/);
    expect(seen.static_keys).toEqual([]);
    const outputs = (attempt: number) =>
      s3.send(
        new HeadObjectCommand({ Bucket: bucket, Key: `${org}/${project}/${domain}/${run}/a0/${attempt}/outputs.pb` }),
      );
    expect((await outputs(1)).ContentLength).toBeGreaterThan(0);
    await expect(outputs(2)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } });
  });

  it("may take its own role, and is refused the platform's", () => {
    proves(["iam-user-no-platform-access"], "the same call for its own role is answered with a session");
    expect(seen.own_role).toMatch(/role\/userflyterole$/);
    expect(seen.assume_own.status).toBe(200);
    expect(seen.assume_admin.status).toBeGreaterThanOrEqual(400);
    expect(seen.assume_admin.refusal).toBeTruthy();
  });

  it("brings its code by its own identity, for an hour at most, and by no address that is signed", async () => {
    outdoes(
      ["pod-code-bundle-presigned", "pod-code-bundle-ttl"],
      "docs/decisions/0069-code-by-the-pods-own-identity.md",
      "a signed address of the very bundle, put into the pod, is found; the role's session reads what nobody else does",
    );
    const namespace = `${project}-${domain}`;
    const text = await kubectl("customer", "get", "pods", "-n", namespace, "-l", `run=${run}`, "-o", "json");
    const [, uri = ""] = /"--tgz",\s*"(s3:[^"]+)"/.exec(text) ?? [];
    const [, Bucket = "", Key = ""] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
    expect(Bucket).toBe(String(environment.outputs.customer.fastRegistrationBucket));
    const { spec } = JSON.parse(
      await kubectl("customer", "get", "taskaction", "-n", namespace, `${run}-a0`, "-o", "json"),
    );
    const action = Buffer.from(spec.taskTemplate, "base64").toString("latin1");
    expect(action).toContain(uri);
    const signed = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }));
    const isSigned = (all: string) => /X-Amz-(Signature|Credential|Security-Token)|[?&]sig=/i.test(all);
    expect([text, action, text.replace(uri, signed)].map(isSigned)).toEqual([false, false, true]);

    // Who only knows the address gets nothing; whoever has the pod's session reads it.
    expect((await https(signed)).status).toBe(200);
    expect((await https(signed.split("?")[0] ?? "")).status).toBe(403);
    const account = { namespace, name: taskServiceAccount };
    const role = await roleOf(account);
    const head = new HeadObjectCommand({ Bucket, Key });
    expect((await (await storeAs(account, role)).send(head)).ContentLength).toBeGreaterThan(0);
    const { Role } = await new IAMClient(operator).send(new GetRoleCommand({ RoleName: role.split("/").at(-1) }));
    expect(Role?.MaxSessionDuration).toBe(3_600);
  });

  it("reads no Secret of Kubernetes, and has no token to ask with", async () => {
    proves(["k8s-task-accounts-minimal"], "an administrator's token is answered with 200 to the same question");
    expect(seen.kubernetes_secrets.token_mounted).toBe(false);
    // Where policies are enforced, a task's pod does not even reach the API server.
    expect(environment.networkPolicy === "enforced" ? [null] : [401, 403]).toContain(seen.kubernetes_secrets.status);
    const token = await kubectl("customer", "create", "token", "-n", `${project}-${domain}`, taskServiceAccount);
    expect(await statusOfSecrets({ name: "task", token })).toBe(403);
    expect(await statusOfSecrets(asAdministrator.getCurrentUser())).toBe(200);
  });

  it("holds no static key, and is not root", () => {
    expect(seen.static_keys).toEqual([]);
    expect(seen.uid).toBe(65532);
  });
});
