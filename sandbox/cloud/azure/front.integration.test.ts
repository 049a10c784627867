/** The front before a real azurite, called as the data plane's services call Azure, and by who should not. */
import { randomUUID, type webcrypto } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtInRoles, definitionId } from "../../../components/identity/azure-grants.ts";
import { customRoles, objectsUnder, tokenAudience } from "../../../components/identity/azure-roles.ts";
import { logAnalytics } from "../../../services/data/logs/log-analytics.ts";
import { blobObjectStore } from "../../../services/data/objectstore/blob-store.ts";
import type { ObjectStore } from "../../../services/data/objectstore/store.ts";
import { azureBackend } from "../../../services/data/secrets/azure-backend.ts";
import { openCatalogue } from "../../../services/data/secrets/catalogue.ts";
import { memoryShards } from "../../../services/data/secrets/testing/memory-shards.ts";
import { type Azure, azure } from "../../../shared/azure.ts";
import { type ServedAzurite, serveAzurite, tenant } from "../../azurite/testing/serve.ts";
import { paths } from "../../paths.ts";
import { readyParts } from "../../toolchain/index.ts";
import { needs } from "../../toolchain/testing/needs.ts";
import { ActivityLog } from "./activity.ts";
import { createAzureFront } from "./front.ts";

const account = "acmedata12345678";
const subscription = "11111111-1111-4111-8111-111111111111";
const group = `/subscriptions/${subscription}/resourceGroups/acme`;
const storage = `${group}/providers/Microsoft.Storage/storageAccounts/${account}`;
const container = `${storage}/blobServices/default/containers/acme-metadata`;
const vault = `${group}/providers/Microsoft.KeyVault/vaults/biplane-acme`;
const workspace = `${group}/providers/Microsoft.OperationalInsights/workspaces/acme-logs`;
const workspaceId = randomUUID();
const issuer = "https://oidc-customer.biplane.test";
const services = "system:serviceaccount:union:union-system";
const tasks = "system:serviceaccount:demo-development:default";
const object = { bucket: "acme-metadata", key: "acme/demo/development/r1/a0/1/outputs.pb" };
const another = { ...object, key: "globex/demo/development/r1/a0/1/outputs.pb" };

interface Pod {
  api: Azure;
  store: ObjectStore;
}

describe.skipIf(!readyParts(paths()).includes("azure"))("Azure's APIs at one origin", needs("azure"), () => {
  let state: string;
  let azurite: ServedAzurite;
  let server: Server;
  let origin: string;
  let key: webcrypto.CryptoKey;
  const kept: Record<string, object> = {};
  const clients = { admin: randomUUID(), user: randomUUID() };

  const keep = (path: string, type: string, inputs: object, outputs: object = {}) => {
    kept[path] = { type: `azure-native:${type}`, inputs, outputs };
  };
  const grant = (name: keyof typeof clients, role: string, scope: string, condition?: string) => {
    const path = `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`;
    keep(path, "authorization:RoleAssignment", {
      ...{ principalId: `object-id-of-${name}`, roleDefinitionId: role, scope },
      ...(condition ? { condition } : {}),
    });
    return path;
  };
  const role = (name: keyof typeof customRoles) => `${group}/providers/Microsoft.Authorization/roleDefinitions/${name}`;
  const settle = () => writeFileSync(join(state, `kept.json`), JSON.stringify(kept));

  beforeAll(async () => {
    state = mkdtempSync(join(tmpdir(), "biplane-azure-front-"));
    azurite = await serveAzurite(account);
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    key = privateKey;
    mkdirSync(join(state, "oidc/customer"), { recursive: true });
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: "RS256", kid: "1" }] };
    writeFileSync(join(state, "oidc/customer/jwks.json"), JSON.stringify(jwks));
    for (const [name, { actions, dataActions }] of Object.entries(customRoles)) {
      keep(role(name as keyof typeof customRoles), "authorization:RoleDefinition", {
        permissions: [{ actions, dataActions }],
      });
    }
    for (const [name, subject] of [
      ["admin", services],
      ["user", tasks],
    ] as const) {
      const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
      const outputs = { clientId: clients[name], principalId: `object-id-of-${name}` };
      keep(identity, "managedidentity:UserAssignedIdentity", {}, outputs);
      keep(`${identity}/federatedIdentityCredentials/pod`, "managedidentity:FederatedIdentityCredential", {
        ...{ issuer, subject, audiences: [tokenAudience] },
      });
    }
    keep(storage, "storage:StorageAccount", {});
    keep(container, "storage:BlobContainer", {});
    keep(vault, "keyvault:Vault", {});
    keep(workspace, "operationalinsights:Workspace", {}, { customerId: workspaceId });
    grant("admin", role("objects"), container);
    grant("admin", definitionId(subscription, builtInRoles.blobDelegator), storage);
    grant("admin", role("secretKeeper"), vault);
    grant("admin", role("logReader"), workspace);
    grant("user", role("objects"), container, objectsUnder("acme"));
    settle();
    writeFileSync(join(state, "operator"), "token-of-the-owner");
    const handle = createAzureFront({
      ...{
        kept: join(state, "kept.json"),
        activity: join(state, "activity.jsonl"),
        state,
        tenant,
        issuer,
        operatorToken: join(state, "operator"),
      },
      manager: "https://azure.biplane.test/management",
      ...{ storePort: azurite.port, storeName: "localhost", authority: azurite.authority },
      issuerDocuments: join(state, "oidc"),
    });
    server = createServer((request, response) => void handle(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }, 180_000);
  afterAll(async () => {
    server?.close();
    server?.closeAllConnections();
    await azurite?.close();
    rmSync(state, { recursive: true, force: true });
  });

  /** A pod as AKS starts it: a token of the cluster in a file, and variables that say where to trade it. */
  async function pod(
    client: keyof typeof clients,
    claims: { sub?: string; aud?: string; iss?: string } = {},
  ): Promise<Pod> {
    const { sub = client === "admin" ? services : tasks, aud = tokenAudience, iss = issuer } = claims;
    const token = await new SignJWT()
      .setProtectedHeader({ alg: "RS256", kid: "1" })
      .setSubject(sub)
      .setAudience(aud)
      .setIssuer(iss)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(key);
    const file = join(state, randomUUID());
    writeFileSync(file, token);
    const env = {
      ...{ AZURE_CLIENT_ID: clients[client], AZURE_TENANT_ID: tenant, AZURE_FEDERATED_TOKEN_FILE: file },
      ...{ AZURE_AUTHORITY_HOST: `${origin}/login/`, AZURE_ENDPOINT_URL: origin },
    };
    const api = azure({ env, backoffMs: 1 });
    return { api, store: blobObjectStore(api, account) };
  }

  it("lets the services write, sign for anybody, and read; and what was signed is good for that alone", async () => {
    const { store } = await pod("admin");
    await store.put(object, Buffer.from("content"));
    const { url } = await store.signGet(object, { seconds: 60 });
    expect(await (await fetch(url)).text()).toBe("content");
    expect((await fetch(url.replace("outputs.pb", "inputs.pb"))).status).toBe(403);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
    expect((await fetch(url.replace(/sig=[^&]{4}/, "sig=AAAA"))).status).toBe(403);
    const put = await store.signPut(object, { md5: "", keepMd5: false, seconds: 60 });
    expect((await fetch(put.url, { method: "PUT", body: "changed", headers: put.headers })).status).toBe(201);
    expect(Buffer.from((await store.get(object, 100)) as Uint8Array).toString()).toBe("changed");
  });

  it("lets tasks reach what is beneath their prefix, list just that, and neither sign nor go elsewhere", async () => {
    const { store, api } = await pod("user");
    await store.put(object, Buffer.from("of a task"));
    expect(await store.has(object)).toBe(true);
    for (const refused of [
      store.put(another, Buffer.from("x")),
      store.get(another, 10),
      store.signGet(object, { seconds: 60 }),
    ]) {
      await expect(refused).rejects.toMatchObject({ name: "AzureError", status: 403 });
    }
    const list = (prefix: string) =>
      api.call({
        api: "blob",
        of: account,
        path: "/acme-metadata",
        query: { restype: "container", comp: "list", prefix },
        headers: { "x-ms-version": "2022-11-02" },
      });
    expect(await (await list("acme/demo/")).text()).toContain("outputs.pb");
    await expect(list("")).rejects.toMatchObject({ status: 403 });
  });

  it.each([
    ["another service account's", { sub: "system:serviceaccount:other:default" }],
    ["one for another audience", { aud: "sts.amazonaws.com" }],
    ["one of another issuer", { iss: "https://oidc-region.biplane.test" }],
  ])("takes no token of the cluster that is %s", async (_, claims) => {
    const { store } = await pod("admin", claims);
    await expect(store.has(object)).rejects.toMatchObject({ name: "EntraError", status: 401 });
  });

  it("takes a signed URL for what its signer may now, by a key that was given, and with no token beside", async () => {
    const { store } = await pod("admin");
    const { url } = await store.signGet(object, { seconds: 60 });
    const forged = await azurite.tokenOf("object-id-of-admin");
    expect(
      (await fetch(url.replace(/sig=[^&]{4}/, "sig=AAAA"), { headers: { authorization: `Bearer ${forged}` } })).status,
    ).toBe(403);
    const [head, query = ""] = url.split("?");
    const other = new URLSearchParams(query);
    other.set("skoid", "object-id-of-user");
    expect((await fetch(`${head}?${other}`)).status).toBe(403);
    const [path = "", held] = Object.entries(kept).find(([id]) => id.startsWith(`${container}/providers/`)) ?? [];
    delete kept[path];
    settle();
    expect((await fetch(url)).status).toBe(403);
    kept[path] = held ?? {};
    settle();
    expect((await fetch(url)).status).toBe(200);
  });

  it("takes no token that it did not give, nor one for another API", async () => {
    const forged = await azurite.tokenOf("object-id-of-admin");
    const ask = (token: string) =>
      fetch(`${origin}/blob/${account}/${object.bucket}/${object.key}`, {
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await ask(forged)).status).toBe(401);
    expect(
      (await fetch(`${origin}/vault/biplane-acme/secrets/a`, { headers: { authorization: `Bearer ${forged}` } }))
        .status,
    ).toBe(401);
  });

  it("keeps secrets for the services, and for no task", async () => {
    const backendOf = ({ api }: Pod) =>
      azureBackend({
        azure: api,
        catalogue: openCatalogue(memoryShards()),
        vault: "biplane-acme",
        prefix: "union--acme--",
      });
    const backend = backendOf(await pod("admin"));
    const ref = { project: "demo", domain: "development", name: "key" };
    await backend.create(ref, Buffer.from("first"));
    await backend.update(ref, Buffer.from("second"));
    const [record = expect.unreachable("it is there")] = await backend.list();
    expect(Buffer.from((await backend.read(record)) ?? []).toString()).toBe("second");
    expect([await backend.remove(ref), await backend.read(record)]).toEqual([true, undefined]);
    await expect(backendOf(await pod("user")).create(ref, Buffer.from("x"))).rejects.toMatchObject({
      reason: "unreachable",
    });
  });

  it("lets the services read the logs' one table, and tells that there is nothing", async () => {
    const logsOf = ({ api }: Pod) => logAnalytics({ azure: api, workspace: workspaceId });
    const place = { namespace: "demo-development", pod: "r1-a0-0" };
    const { signal } = new AbortController();
    expect(await logsOf(await pod("admin")).streams(place, signal)).toEqual([]);
    await expect(logsOf(await pod("user")).streams(place, signal)).rejects.toThrow(/cannot be read/);
    const { api } = await pod("admin");
    const path = `/v1/workspaces/${workspaceId}/query`;
    const other = api.call({ api: "logs", method: "POST", path, json: { query: "KubeEvents" } });
    await expect(other).rejects.toMatchObject({ status: 403 });
  });

  it("tells the configuration and what lies in the account to the owner, who changes nothing, and to nobody else", async () => {
    const owner = "token-of-the-owner";
    const ask = (path: string, bearer: string, method = "GET") =>
      fetch(`${origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${bearer}`, "x-ms-version": "2023-11-03" },
      });
    const { api, store } = await pod("admin");
    await store.put(object, Buffer.from("content"));
    const backend = azureBackend({
      ...{ azure: api, catalogue: openCatalogue(memoryShards()), vault: "biplane-acme", prefix: "union--acme--" },
    });
    await backend.create({ project: "demo", domain: "development", name: "seen" }, Buffer.from("hidden"));
    const read = await (await ask(`/management${storage}?api-version=1`, owner)).json();
    expect(read).toMatchObject({ id: storage, properties: { provisioningState: "Succeeded" } });
    const listed = await (await ask(`/management${vault}/secrets?api-version=1`, owner)).text();
    expect(listed).toContain("union--acme--");
    expect(listed).not.toContain("hidden");
    const list = "restype=container&comp=list&prefix=";
    expect(await (await ask(`/blob/${account}/acme-metadata?${list}`, owner)).text()).toContain("outputs.pb");
    expect((await ask(`/blob/${account}/${object.bucket}/${object.key}`, owner, "DELETE")).status).toBe(403);
    for (const other of ["another", `${owner}x`]) expect((await ask(`/management${storage}`, other)).status).toBe(403);
    await expect(api.call({ api: "management", path: storage })).rejects.toMatchObject({ status: 403 });
  });

  it("leads from page to page of a list at its own origin", async () => {
    for (let at = 0; at < 101; at++) grant("user", role("objects"), `${container}-${at}`);
    settle();
    const path = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleAssignments`;
    const headers = { authorization: "Bearer token-of-the-owner" };
    const listed = await (await fetch(`${origin}/management${path}?api-version=1`, { headers })).json();
    expect((listed as { nextLink: string }).nextLink).toMatch(`https://azure.biplane.test/management${path}?`);
  });

  it("tells the owner who wrote what, and nobody else", async () => {
    const kind = "Microsoft.ManagedIdentity/userAssignedIdentities";
    const id = `${group}/providers/${kind}/admin`;
    const caller = { tenant, objectId: "object-id-of-the-owner", name: "owner@acme.test" };
    const now = Date.now();
    new ActivityLog(join(state, "activity.jsonl")).record({ id, kind, verb: "write", status: 201 }, caller);
    const [from, to] = [now - 60_000, now + 60_000].map((at) => new Date(at).toISOString());
    const $filter = `eventTimestamp ge '${from}' and eventTimestamp le '${to}' and resourceUri eq '${id}'`;
    const path = `/subscriptions/${subscription}/providers/Microsoft.Insights/eventtypes/management/values`;
    const ask = (bearer: string) =>
      fetch(`${origin}/management${path}?${new URLSearchParams({ $filter })}`, {
        headers: { authorization: `Bearer ${bearer}` },
      });
    expect(await (await ask("token-of-the-owner")).json()).toMatchObject({
      value: [{ resourceId: id, subStatus: { value: "Created" }, caller: "owner@acme.test" }, {}],
    });
    expect((await ask("another")).status).toBe(403);
  });
});
