/**
 * Defence in depth: with each layer taken away in turn, what another layer guards stays closed. The wall of the network is
 * taken away by standing beside a service in its own node; that of roles by an account that may do all in the cluster.
 */
import { request } from "node:http";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type Client, createClient } from "@connectrpc/connect";
import { KubeConfig, RbacAuthorizationV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ObjectStoreService } from "../../gen/biplane/objectstore/v1/object_store_pb.js";
import type { ServiceTls } from "../../services/shared/service-tls.ts";
import { codeOf } from "../../services/shared/testing/code-of.ts";
import { accessToken, https } from "../support/api.ts";
import { type Beside, beside } from "../support/beside.ts";
import { operator, roleOf, sessionOf, storeAs } from "../support/cloud-session.ts";
import { customerCluster } from "../support/customer-cluster.ts";
import { evidenceFor } from "../support/evidence.ts";
import { bearer, signedIn } from "../support/identities.ts";
import { environment } from "../support/local-run.ts";
import { serviceTls } from "../support/service-tls.ts";
import { type Stated, statedOf } from "../support/statement.ts";

const { proves } = evidenceFor("isolation/layers");
const { org, project, domain } = environment;
const Bucket = String(environment.outputs.customer.metadataBucket);
const own = `${org}/${project}/${domain}/layers/own`;
const foreign = `globex/${project}/${domain}/layers/foreign`;
const s3 = new S3Client({ ...operator, forcePathStyle: true });
const namespace = `${project}-${domain}`;
// Into a given cluster's own network there is no way from here.
const ours = environment.clusters.customer === "own";

let service: Beside;
let store: Client<typeof ObjectStoreService>;
let stated: Stated;
let rbac: RbacAuthorizationV1Api;

beforeAll(async () => {
  for (const Key of [own, foreign]) await s3.send(new PutObjectCommand({ Bucket, Key, Body: "here" }));
  const kube = new KubeConfig();
  kube.loadFromFile(environment.kubeconfigs.customer);
  rbac = kube.makeApiClient(RbacAuthorizationV1Api);
  stated = await statedOf(await accessToken());
  service = await beside("customer", "objectstore");
  store = createClient(ObjectStoreService, service.transport);
});
afterAll(async () => {
  service?.close();
  stated?.close();
  for (const Key of [own, foreign]) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
});

const question = { org, project, domain, uri: `s3://${Bucket}/${own}`, expiresInSeconds: 60n };
const sign = (headers: Record<string, string>) => store.signDownload(question, { headers });

describe.skipIf(!ours)("a customer's data stay closed", () => {
  it("without the network's wall, by authentication: who stands beside the service and is nobody gets nothing", async () => {
    proves(["defense-in-depth-layers"], "the customer's own user, at the same place, is answered");
    expect(await codeOf(sign({}))).toBe("Unauthenticated");
    expect(await codeOf(sign(bearer("x.y.z")))).toBe("Unauthenticated");
    expect((await https((await sign(await stated.headers())).signedUrl)).body.toString()).toBe("here");
  });

  it("without the network's wall, by certificate: who shows none of its callers' is not heard, whatever else it has", async () => {
    proves(["defense-in-depth-layers"], "the tunnel's certificate is heard at the same place, with the same token");
    const headers = await stated.headers();
    const { cert, key } = await serviceTls("customer", "secrets");
    const asked = async (shows: Partial<ServiceTls>) => {
      const { transport, close } = await beside("customer", "objectstore", shows);
      return codeOf(createClient(ObjectStoreService, transport).signDownload(question, { headers })).finally(close);
    };
    expect(await asked({})).not.toBe("ok");
    expect(await asked(await serviceTls("region", "gateway"))).not.toBe("ok");
    expect(await asked({ cert, key })).toBe("PermissionDenied");
    expect(await asked(await serviceTls("customer", "tunnel"))).toBe("ok");
  });

  it("without that and authentication, by authorization: who is somebody else, or less, gets nothing", async () => {
    proves(["defense-in-depth-layers"], "the same viewer is answered where a viewer may be");
    const stranger = await signedIn("globex", "admin");
    expect(await codeOf(sign(stranger))).toBe("PermissionDenied");
    const viewer = await statedOf((await signedIn(org, "viewer")).authorization?.replace("Bearer ", "") ?? "");
    const headers = await viewer.headers();
    const write = { org, project, domain, filename: "x", contentMd5: new Uint8Array(16), expiresInSeconds: 60n };
    expect(await codeOf(store.signUpload(write, { headers }))).toBe("PermissionDenied");
    expect(await codeOf(sign(headers))).toBe("ok");
    viewer.close();
  });

  it("without Kubernetes' own roles, by the cloud's: an account that may do all in the cluster gets no role of ours", async () => {
    proves(["defense-in-depth-layers"], "the project's own account gets its session by the same call");
    // Kubernetes' own, which may give itself any right in the cluster: our admission lets nobody make another such.
    const account = { namespace: "kube-system", name: "clusterrole-aggregation-controller" };
    const task = { namespace, name: "default" };
    const executor = { namespace: customerCluster.namespace, name: "executor" };
    const roles = await Promise.all([task, executor].map(roleOf));
    const { rules } = await rbac.readClusterRole({ name: "system:controller:clusterrole-aggregation-controller" });
    expect(
      rules?.some(({ verbs, resources }) => verbs.includes("escalate") && resources?.includes("clusterroles")),
    ).toBe(true);
    // Under a name that the platform's role gives: nobody is refused for the name alone.
    for (const role of roles)
      expect(await sessionOf(account, role, executor.name)).toEqual({
        refused: expect.stringMatching(/AccessDenied|InvalidIdentityToken/),
      });
    expect((await sessionOf(task, roles[0] ?? "")).given).toBeDefined();
    expect((await sessionOf(executor, roles[1] ?? "")).given).toBeDefined();
  });

  it("without the platform at all, by the role's own reach: a task's session reads nobody else's", async () => {
    proves(["defense-in-depth-layers"], "the same session reads its own organisation's object");
    const task = { namespace, name: "default" };
    const session = await storeAs(task, await roleOf(task));
    const read = async (Key: string) => (await session.send(new GetObjectCommand({ Bucket, Key }))).ContentLength;
    expect(await read(own)).toBe(4);
    await expect(read(foreign)).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it("with all of that passed, by encryption: a URL that is good is not served in the clear", async () => {
    proves(["defense-in-depth-layers"], "the same URL is served over TLS");
    const { signedUrl } = await sign(await stated.headers());
    expect((await https(signedUrl)).status).toBe(200);
    const url = new URL(signedUrl);
    const answer = await new Promise<string>((resolve) => {
      const sent = request({ host: url.hostname, port: 80, path: url.pathname + url.search }, (got) => {
        got.resume();
        resolve(String(got.statusCode));
      });
      sent.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? "error")).end();
    });
    expect(["ECONNREFUSED", "400", "403"]).toContain(answer);
  });
});
