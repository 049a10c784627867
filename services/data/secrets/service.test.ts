import { createClient, createRouterTransport } from "@connectrpc/connect";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SecretStoreService } from "../../../gen/biplane/secrets/v1/secrets_pb.js";
import { authInterceptor } from "../../shared/auth/interceptor.ts";
import { tokenVerifier } from "../../shared/auth/verifier.ts";
import { recordingSink } from "../../shared/testing/audit.ts";
import { byRole } from "../../shared/testing/authorizer.ts";
import { codeOf } from "../../shared/testing/code-of.ts";
import { type TestIssuer, testIssuer } from "../../shared/testing/issuer.ts";
import { BackendError } from "./backend.ts";
import { openCatalogue } from "./catalogue.ts";
import { kubernetesBackend } from "./kubernetes-backend.ts";
import { secretStoreService } from "./service.ts";
import { type MemoryShards, memoryShards } from "./testing/memory-shards.ts";

const demo = { org: "acme", project: "demo", domain: "development" };
const value = Buffer.from("a value of a test");
const { audit, kept } = recordingSink();
let issuer: TestIssuer;
let shards: MemoryShards;
let now = 0;

beforeAll(async () => {
  issuer = await testIssuer();
});
beforeEach(() => {
  shards = memoryShards();
  kept.length = 0;
  now = Date.UTC(2026, 0, 2);
});

function client() {
  const service = secretStoreService({ backend: kubernetesBackend(openCatalogue(shards), () => now), org: "acme" });
  const interceptors = [authInterceptor({ verify: tokenVerifier([issuer.trusted]), authorize: byRole, audit })];
  const transport = createRouterTransport((router) => void router.service(SecretStoreService, service), {
    router: { interceptors },
  });
  return createClient(SecretStoreService, transport);
}

async function as(claims: Record<string, unknown> = {}) {
  return { headers: { authorization: `Bearer ${await issuer.token(claims)}` } };
}

describe("secrets", () => {
  it("are told by name, scope and time of creation, and nothing else", async () => {
    await client().createSecret({ ...demo, name: "key", value }, await as());
    const { secret } = await client().getSecret({ ...demo, name: "key" }, await as());
    expect(secret).toMatchObject({ project: "demo", domain: "development", name: "key" });
    expect(secret?.createdAt?.seconds).toBe(BigInt(now / 1000));
    expect(JSON.stringify(secret, (_, part) => (typeof part === "bigint" ? String(part) : part))).not.toContain(
      value.toString("base64"),
    );
  });

  it("exist once in each scope, and are another one in another", async () => {
    const create = async (scope: object) =>
      codeOf(client().createSecret({ ...demo, ...scope, name: "key", value }, await as()));
    expect(await create({})).toBe("ok");
    expect(await create({})).toBe("AlreadyExists");
    expect(await create({ domain: "" })).toBe("ok");
    expect(await create({ project: "", domain: "" })).toBe("ok");
    expect(await create({ project: "other" })).toBe("ok");
  });

  it("get another value, keep their time, and are gone once deleted", async () => {
    await client().createSecret({ ...demo, name: "key", value }, await as());
    const before = JSON.stringify([...shards.held.values()]);
    now += 60_000;
    await client().updateSecret({ ...demo, name: "key", value: Buffer.from("new") }, await as());
    expect(JSON.stringify([...shards.held.values()])).not.toBe(before);
    const { secret } = await client().getSecret({ ...demo, name: "key" }, await as());
    expect(secret?.createdAt?.seconds).toBe(BigInt(now / 1000 - 60));
    await client().deleteSecret({ ...demo, name: "key" }, await as());
    expect([...shards.held.values()]).toEqual([{}, {}, {}, {}]);
    for (const method of ["getSecret", "deleteSecret"] as const) {
      expect(await codeOf(client()[method]({ ...demo, name: "key" }, await as())), method).toBe("NotFound");
    }
    expect(await codeOf(client().updateSecret({ ...demo, name: "key", value }, await as()))).toBe("NotFound");
  });

  it("are listed page by page, an empty project or domain standing for each", async () => {
    for (const project of ["demo", "other"]) {
      for (const name of ["a", "b"]) await client().createSecret({ ...demo, project, name, value }, await as());
    }
    await client().createSecret({ ...demo, project: "", domain: "", name: "c", value }, await as());
    const list = async (scope: object) => {
      const names: string[] = [];
      for (let token = ""; ; ) {
        const page = await client().listSecrets({ ...demo, ...scope, limit: 2, token }, await as());
        expect(page.secrets.length).toBeLessThanOrEqual(2);
        names.push(...page.secrets.map(({ project, name }) => `${project || "_"}/${name}`));
        token = page.token;
        if (token === "") return names;
      }
    };
    expect(await list({})).toEqual(["demo/a", "demo/b"]);
    expect(await list({ project: "other", domain: "" })).toEqual(["other/a", "other/b"]);
    expect(await list({ project: "", domain: "" })).toEqual(["_/c", "demo/a", "demo/b", "other/a", "other/b"]);
  });

  it.each([
    ["a viewer", { role: "viewer" }, {}, "PermissionDenied"],
    ["a task", { role: "task" }, {}, "PermissionDenied"],
    ["somebody of another organisation", { org: "globex" }, {}, "PermissionDenied"],
    ["somebody of another organisation, by no name", { org: "globex" }, { org: "" }, "PermissionDenied"],
    ["a request for another organisation", {}, { org: "globex" }, "PermissionDenied"],
    ["a name that leaves its place", {}, { name: "../x" }, "InvalidArgument"],
    ["no name", {}, { name: "" }, "InvalidArgument"],
    ["a project that is none", {}, { project: "_" }, "InvalidArgument"],
    ["an empty value", {}, { value: Buffer.alloc(0) }, "InvalidArgument"],
    ["a value above 64 KiB", {}, { value: Buffer.alloc(64 * 1024 + 1) }, "InvalidArgument"],
  ])("are not written for %s", async (_, claims, more, code) => {
    const request = { ...demo, name: "key", value, ...more };
    expect(await codeOf(client().createSecret(request, await as(claims)))).toBe(code);
    expect([...shards.held.values()]).toEqual([{}, {}, {}, {}]);
  });

  it("are audited by name", async () => {
    await client().createSecret({ ...demo, name: "key", value }, await as());
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatch(/allowed SecretStoreService\/CreateSecret .*key/);
    expect(kept[0]).not.toContain(value.toString());
  });

  it("say when there is no room, and when to come again", async () => {
    shards = memoryShards(4, 100);
    expect(await codeOf(client().createSecret({ ...demo, name: "key", value }, await as()))).toBe("ResourceExhausted");
    shards.trouble = new BackendError("unreachable", "the cluster's API cannot be reached");
    expect(await codeOf(client().getSecret({ ...demo, name: "key" }, await as()))).toBe("Unavailable");
  });
});

describe("the backend in the cluster", () => {
  const ref = { project: "demo", domain: "development", name: "key" };
  const open = () => kubernetesBackend(openCatalogue(shards));

  it("loses no write of two that meet, and creates a name once", async () => {
    shards = memoryShards(1);
    shards.beforeWrite = () => open().create({ ...ref, name: "meanwhile" }, value);
    expect(await open().create(ref, value)).toBe(true);
    expect((await open().list()).map(({ name }) => name).sort()).toEqual(["key", "meanwhile"]);
    await open().remove(ref);
    shards.beforeWrite = () => open().create(ref, Buffer.from("first"));
    expect(await open().create(ref, Buffer.from("second"))).toBe(false);
    const record = await open().find(ref);
    expect(record && (await open().read(record))).toEqual(Buffer.from("first"));
  });

  it("answers a record's own value only", async () => {
    await open().create(ref, value);
    const record = await open().find(ref);
    if (!record) throw new Error("it was created");
    expect(await open().read(record)).toEqual(value);
    await open().update(ref, Buffer.from("new"));
    expect(await open().read(record)).toBeUndefined();
  });

  it("quotes nothing of an entry that cannot be read", async () => {
    shards = memoryShards(1);
    shards.held.set("shard-0", { x: '{"value":"c2VjcmV0"' });
    await expect(open().list()).rejects.toThrow(/^an entry of the catalogue of secrets cannot be read$/);
  });
});
