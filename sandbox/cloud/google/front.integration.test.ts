/** The front before a real fake-gcs-server, called as the data plane's object store calls Google, and by who should not. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, type webcrypto } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { objectsUnder } from "../../../components/identity/gcp-roles.ts";
import { gcsObjectStore } from "../../../services/data/objectstore/gcs-store.ts";
import type { ObjectStore } from "../../../services/data/objectstore/store.ts";
import { freePort } from "../../../services/shared/testing/free-port.ts";
import { google as googleApis } from "../../../shared/google.ts";
import { readsOf } from "../../../verify/collect/google/client.ts";
import { googleSessions } from "../../../verify/probes/google-sessions.ts";
import { goodGoogleTarget } from "../../../verify/testing/good-google.ts";
import { google, names } from "../../hosts.ts";
import { podTokens } from "../../node/gke/pod-tokens.ts";
import { paths } from "../../paths.ts";
import { accountsApi } from "../../providers/gcp/accounts.ts";
import { policyPart } from "../../providers/machine/kept.ts";
import { locateToolchain, readyParts } from "../../toolchain/index.ts";
import { needs } from "../../toolchain/testing/needs.ts";
import { awaitListener } from "../await-port.ts";
import { auditView } from "./activity.ts";
import { createGoogleFront } from "./front.ts";

const here = paths();
const entrySchema = z.object({
  protoPayload: z.object({
    authenticationInfo: z.object({ principalEmail: z.string() }),
    status: z.object({ code: z.number().optional() }),
    response: z.object({ unique_id: z.string() }).optional(),
  }),
});
const email = (name: string) => `${name}@${google.project}.iam.gserviceaccount.com`;
const bucket = "acme-metadata";
const accounts = { admin: email("adminflyterole"), user: email("userflyterole") };

describe.skipIf(!readyParts(here).includes("gcp"))("Google's APIs at one origin", needs("gcp"), () => {
  let state: string;
  let store: ChildProcess;
  let server: Server;
  let origin: string;
  let key: webcrypto.CryptoKey;
  const kept: Record<string, object> = {};

  const grant = (resource: string, role: string, member: string, condition?: object) => {
    kept[`${resource}${policyPart}${role}/${member}`] = {
      type: "member",
      inputs: { role, member, condition },
      outputs: {},
    };
  };

  beforeAll(async () => {
    state = mkdtempSync(join(tmpdir(), "biplane-google-"));
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    key = privateKey;
    mkdirSync(join(state, "oidc/customer"), { recursive: true });
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: "RS256", kid: "1" }] };
    writeFileSync(join(state, "oidc/customer/jwks.json"), JSON.stringify(jwks));
    writeFileSync(join(state, "operator"), "the-operator's-token");
    const accountOf = (account: string) => `projects/${google.project}/serviceAccounts/${account}`;
    const signer = `projects/${google.project}/roles/signer`;
    kept[`b/${bucket}`] = { type: "bucket", inputs: {}, outputs: {} };
    kept[signer] = { type: "role", inputs: { permissions: ["iam.serviceAccounts.signBlob"] }, outputs: {} };
    for (const account of Object.values(accounts))
      kept[accountOf(account)] = { type: "account", inputs: {}, outputs: {} };
    const pod = (namespace: string, account: string) => `serviceAccount:${google.pool}[${namespace}/${account}]`;
    grant(accountOf(accounts.admin), "roles/iam.workloadIdentityUser", pod("union", "proxy-system"));
    grant(accountOf(accounts.user), "roles/iam.workloadIdentityUser", pod("demo-development", "default"));
    grant(accountOf(accounts.admin), signer, `serviceAccount:${accounts.admin}`);
    grant(`b/${bucket}`, "roles/storage.objectUser", `serviceAccount:${accounts.admin}`);
    const reads = objectsUnder(bucket, "acme/demo");
    grant(`b/${bucket}`, "roles/storage.objectUser", `serviceAccount:${accounts.user}`, reads);
    writeFileSync(join(state, "kept.json"), JSON.stringify(kept));

    const port = await freePort();
    const program = locateToolchain(here).bin("fake-gcs-server");
    const where = ["-scheme", "http", "-host", "127.0.0.1", "-port", String(port), "-public-host", names.google];
    store = spawn(program, [...where, "-backend", "memory"], { stdio: "ignore" });
    await awaitListener("127.0.0.1", port);
    const handle = createGoogleFront({
      ...{ kept: join(state, "kept.json"), state, operatorToken: join(state, "operator"), storePort: port },
      issuerDocuments: join(state, "oidc"),
    });
    server = createServer((request, response) => void handle(request, response)).listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close().closeAllConnections();
    store.kill("SIGKILL");
    rmSync(state, { recursive: true, force: true });
  });

  /** As the node's metadata server does it for a pod, on a cluster that signs what it is asked for. */
  async function tokenOf(namespace: string, serviceAccount: string, account?: string): Promise<string> {
    const cluster = async () => {
      const token = new SignJWT({})
        .setProtectedHeader({ alg: "RS256", kid: "1" })
        .setIssuedAt()
        .setExpirationTime("10m");
      const named = token.setIssuer(`https://${names.oidc("customer")}`).setAudience(google.pool);
      return {
        status: { token: await named.setSubject(`system:serviceaccount:${namespace}:${serviceAccount}`).sign(key) },
      };
    };
    const { tokenOf } = podTokens(cluster, origin, google.pool);
    return (await tokenOf({ name: "p", uid: "u", namespace, serviceAccount, ...(account ? { account } : {}) })).token;
  }

  const storeOf = (token: string, now?: () => number): ObjectStore =>
    gcsObjectStore(googleApis({ token: async () => token, env: { GOOGLE_ENDPOINT_URL: origin } }), accounts.admin, now);
  const admin = () => tokenOf("union", "proxy-system", accounts.admin);
  const md5 = (text: string) => createHash("md5").update(text).digest("base64");

  it("lets a pod act as the one service account that trusts it", async () => {
    expect(await admin()).toMatch(/^ya29\./);
    await expect(tokenOf("union", "proxy-system", accounts.user)).rejects.toMatchObject({ status: 403 });
    await expect(tokenOf("demo-development", "other", accounts.user)).rejects.toMatchObject({ status: 403 });
    await expect(tokenOf("union", "proxy-system", email("nobody"))).rejects.toMatchObject({ status: 403 });
  });

  it("takes signed uploads and downloads, and nothing that was changed, is over, or is for another call", async () => {
    const objects = storeOf(await admin());
    const object = { bucket, key: "acme/demo/run/in puts.pb" };
    const put = await objects.signPut(object, { md5: md5("content"), keepMd5: true, seconds: 60 });
    const headers = { ...put.headers, "content-md5": md5("content") };
    const upload = (url: string, body: string, sent: Record<string, string> = headers) =>
      fetch(url, { method: "PUT", headers: sent, body });
    expect((await upload(put.url, "another")).status).toBe(400);
    expect((await upload(put.url, "content", { ...headers, "content-md5": md5("another") })).status).toBe(403);
    expect((await upload(put.url, "content")).status).toBe(200);
    expect(Buffer.from((await objects.get(object, 100)) as Uint8Array).toString()).toBe("content");

    const { url } = await objects.signGet(object, { seconds: 60 });
    const got = await fetch(url);
    expect([got.status, await got.text(), got.headers.get("x-goog-meta-flytecontentmd5")]).toEqual([
      ...[200, "content", md5("content")],
    ]);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
    expect((await fetch(url.replace("in%20puts", "outputs"))).status).toBe(403);
    expect((await fetch(url.replace(/.$/, (last) => (last === "0" ? "1" : "0")))).status).toBe(403);
    expect((await fetch(url.replaceAll("adminflyterole", "userflyterole"))).status).toBe(403);
    const past = await storeOf(await admin(), () => Date.now() - 120_000).signGet(object, { seconds: 60 });
    expect((await fetch(past.url)).status).toBe(400);
    expect((await fetch(url.split("?")[0] ?? "")).status).toBe(401);
  });

  it("gives verify's probe the sessions that pods get, and the store by them", async () => {
    const bearing = (token: string | undefined) =>
      googleApis({ token: async () => token, env: { GOOGLE_ENDPOINT_URL: origin } });
    const target = { ...goodGoogleTarget, project: google.project };
    const cloud = googleSessions(target, bearing);
    const token = async (namespace: string, name: string) => {
      const signed = new SignJWT({}).setProtectedHeader({ alg: "RS256", kid: "1" }).setIssuedAt();
      const named = signed.setIssuer(`https://${names.oidc("customer")}`).setAudience(cloud.audience);
      const subject = `system:serviceaccount:${namespace}:${name}`;
      return named.setExpirationTime("10m").setSubject(subject).sign(key);
    };
    const [platform, task] = [await token("union", "proxy-system"), await token("demo-development", "default")];
    expect(await cloud.take(accounts.user, platform, "")).toMatchObject({ told: expect.stringContaining("403") });
    await expect(cloud.take(accounts.user, `${task}x`, "")).rejects.toThrow("400");
    const asTask = (await cloud.take(accounts.user, task, "")).store ?? expect.unreachable("it is a task's account");
    const asPlatform =
      (await cloud.take(accounts.admin, platform, "")).store ?? expect.unreachable("it is the platform's");
    const own = { bucket, key: "acme/demo/a b" };
    const other = { bucket, key: "next-door/x" };
    const refused = { allowed: false, told: expect.stringContaining("403") };
    expect(await asPlatform.put(other)).toEqual({ allowed: true, told: "done" });
    for (const action of ["put", "get", "delete"] as const) {
      expect(await asTask[action](own), action).toEqual({ allowed: true, told: "done" });
      expect(await asTask[action](other), action).toEqual(refused);
    }
    expect(await asPlatform.delete(other)).toEqual({ allowed: true, told: "done" });
  });

  it("signs for who may sign as the account, and for nobody else", async () => {
    const token = await tokenOf("demo-development", "default", accounts.user);
    const objects = storeOf(token);
    await expect(objects.signGet({ bucket, key: "acme/demo/x" }, { seconds: 60 })).rejects.toThrow(/403.*signBlob/);
    const forged = new Set(["no-token", `${token}x`]);
    for (const each of forged) await expect(storeOf(each).has({ bucket, key: "acme/demo/x" })).rejects.toThrow(/401/);
  });

  it("gives a task the objects under its prefix alone, as the client's object store calls it", async () => {
    const authorization = `Bearer ${await tokenOf("demo-development", "default", accounts.user)}`;
    const call = (method: string, path: string, body?: string) =>
      fetch(`${origin}/${bucket}${path}`, {
        method,
        headers: { authorization },
        ...(body === undefined ? {} : { body }),
      });
    const made = await call("PUT", "/acme%2Fdemo%2Frun%2Fout%2Epb", "made");
    expect([made.status, made.headers.get("etag")]).toEqual([
      200,
      `"${createHash("md5").update("made").digest("hex")}"`,
    ]);
    expect(await (await call("GET", "/acme%2Fdemo%2Frun%2Fout%2Epb")).text()).toBe("made");
    const listed = await (await call("GET", "?list-type=2&prefix=acme%2Fdemo%2Frun%2F")).text();
    expect(listed).toContain("<Key>acme/demo/run/out.pb</Key>");
    expect((await call("PUT", "/acme/other/out.pb", "made")).status).toBe(403);
    expect((await call("GET", "/acme/other/out.pb")).status).toBe(403);
    expect((await call("GET", "?list-type=2&prefix=acme/")).status).toBe(403);
    expect((await call("GET", "/another-bucket")).status).toBe(403);
    expect((await call("DELETE", "/acme/demo/run/out.pb")).status).toBe(204);
    expect((await call("GET", "/acme/demo/run/out.pb")).status).toBe(404);
    expect((await call("DELETE", "/acme/demo/run/out.pb")).status).toBe(404);
  });

  it("tells the project's configuration to its owner, and to no workload", async () => {
    const look = async (token: string) => {
      const url = `${origin}/v1/projects/${google.project}/serviceAccounts/${accounts.user}:getIamPolicy`;
      const answer = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: "{}" });
      return [answer.status, await answer.text()];
    };
    expect(await look("the-operator's-token")).toEqual([
      200,
      expect.stringContaining(`serviceAccount:${google.pool}[demo-development/default]`),
    ]);
    expect((await look(await admin()))[0]).toBe(403);
  });

  it("tells by the token who made a service account or was refused it, to the owner alone", async () => {
    const reads = readsOf(
      googleApis({ token: async () => "the-operator's-token", env: { GOOGLE_ENDPOINT_URL: origin } }),
    );
    const made = async (token: string, accountId: string) => {
      const client = googleApis({ token: async () => token, env: { GOOGLE_ENDPOINT_URL: origin } });
      return accountsApi(async () => client).make({ project: google.project, accountId });
    };
    const names = ["made-by-owner", "made-by-task"];
    const [owned] = await Promise.all(names.map((name) => made("the-operator's-token", name)));
    const task = await tokenOf("demo-development", "default", accounts.user);
    await expect(made(task, "made-by-task")).rejects.toThrow(/403.*iam.serviceAccounts.create/);
    const entries = await reads.all(
      {
        ...{ api: "logging", method: "POST", path: "/v2/entries:list" },
        json: { resourceNames: [auditView], pageSize: 1 },
      },
      "entries",
      entrySchema,
    );
    expect(
      entries.map(({ protoPayload: { authenticationInfo, status, response } }) => [
        authenticationInfo.principalEmail,
        status.code,
        response?.unique_id === owned?.uniqueId,
      ]),
    ).toEqual(
      expect.arrayContaining([
        [google.operator.replace("user:", ""), undefined, true],
        [accounts.user, 7, false],
      ]),
    );
    expect(entries).toHaveLength(3);
    const asTask = googleApis({ token: async () => task, env: { GOOGLE_ENDPOINT_URL: origin } });
    const json = { resourceNames: [auditView] };
    await expect(asTask.call({ api: "logging", method: "POST", path: "/v2/entries:list", json })).rejects.toThrow(
      /403/,
    );
  });

  it("refuses objects in clear while the organisation's policy does, to tokens and signed URLs alike", async () => {
    const objects = storeOf(await admin());
    const object = { bucket, key: "acme/demo/in-clear" };
    await objects.put(object, Buffer.from("x"));
    const { url } = await objects.signGet(object, { seconds: 60 });
    const name = `projects/${google.project}/policies/storage.secureHttpTransport`;
    const policy = { type: "policy", inputs: { spec: { rules: [{ enforce: "TRUE" }] } }, outputs: {} };
    const keep = (more: object) => {
      // By rename, as the provider writes it.
      writeFileSync(join(state, "kept.json.new"), JSON.stringify({ ...kept, ...more }));
      renameSync(join(state, "kept.json.new"), join(state, "kept.json"));
    };
    keep({ [name]: policy });
    try {
      expect([(await fetch(url)).status, await (await fetch(url)).text()]).toEqual([
        403,
        expect.stringContaining("constraints/storage.secureHttpTransport"),
      ]);
      await expect(objects.get(object, 100)).rejects.toThrow(/403.*secureHttpTransport/);
    } finally {
      keep({});
    }
    expect((await fetch(url)).status).toBe(200);
  });

  it("makes one object of an upload in parts, for its own place only", async () => {
    const authorization = `Bearer ${await admin()}`;
    const call = (method: string, path: string, body = "") =>
      fetch(`${origin}/${bucket}${path}`, {
        method,
        headers: { authorization },
        ...(method === "GET" ? {} : { body }),
      });
    const begun = await (await call("POST", "/acme/big?uploads")).text();
    const id = /<UploadId>(\w+)</.exec(begun)?.[1] ?? "";
    for (const [number, part] of ["one, ", "two"].entries()) {
      expect((await call("PUT", `/acme/big?partNumber=${number + 1}&uploadId=${id}`, part)).status).toBe(200);
    }
    expect((await call("PUT", `/acme/other?partNumber=1&uploadId=${id}`, "x")).status).toBe(404);
    const listed = [1, 2].map((number) => `<Part><PartNumber>${number}</PartNumber></Part>`).join("");
    expect((await call("POST", `/acme/big?uploadId=${id}`, listed)).status).toBe(200);
    expect(await (await call("GET", "/acme/big")).text()).toBe("one, two");
    expect((await call("DELETE", `/acme/big?uploadId=${id}`)).status).toBe(404);
  });
});
