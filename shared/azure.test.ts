import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { azure } from "./azure.ts";
import { workloadTokens } from "./azure-tokens.ts";
import type { Send } from "./rest.ts";

const folder = mkdtempSync(join(tmpdir(), "biplane-azure-"));
const file = join(folder, "token");
afterAll(() => rmSync(folder, { recursive: true }));

interface Sent {
  url: string;
  method: string;
  headers: Headers;
  body: string;
}
let sent: Sent[] = [];
let answers: Response[] = [];
const send: Send = async (url, { method, headers, body }) => {
  sent.push({ url, method, headers, body: Buffer.from(body ?? "").toString() });
  return answers.shift() ?? Response.json({ access_token: `token ${sent.length}`, expires_in: 3_600 });
};
beforeEach(() => {
  sent = [];
  answers = [];
  writeFileSync(file, "of-the-cluster\n");
});

describe("where an API is", () => {
  it("is a host of its own, or one origin for all", () => {
    const at = (env: NodeJS.ProcessEnv) => {
      const { originOf } = azure({ env, token: async () => "t" });
      return [originOf("blob", "acme"), originOf("vault", "biplane"), originOf("logs")];
    };
    expect(at({})).toEqual([
      "https://acme.blob.core.windows.net",
      "https://biplane.vault.azure.net",
      "https://api.loganalytics.azure.com",
    ]);
    const one = "https://cloud.test";
    expect(at({ AZURE_ENDPOINT_URL: `${one}/` })).toEqual([`${one}/blob/acme`, `${one}/vault/biplane`, `${one}/logs`]);
  });
});

describe("a call", () => {
  const api = (token = async (resource: string) => `for ${resource}`) =>
    azure({ env: {}, token, send, backoffMs: 1, timeoutMs: 30_000 });
  const call = { api: "vault", of: "biplane", path: "/secrets/a" } as const;

  it("carries a token for its own API, its query and its body", async () => {
    await api().call({ ...call, method: "PUT", query: { "api-version": "7.4" }, json: { value: "v" } });
    expect(sent).toMatchObject([
      { url: "https://biplane.vault.azure.net/secrets/a?api-version=7.4", method: "PUT", body: '{"value":"v"}' },
    ]);
    expect(sent[0]?.headers.get("authorization")).toBe("Bearer for https://vault.azure.net");
  });

  it("is made again where the trouble passes, and only if it may be", async () => {
    answers = [new Response("", { status: 503 }), new Response("", { status: 429 })];
    await api().call(call);
    expect(sent).toHaveLength(3);
    answers = [new Response("", { status: 503 })];
    await expect(api().call({ ...call, method: "PUT", json: {} })).rejects.toMatchObject({ status: 503, passes: true });
    expect(sent).toHaveLength(4);
  });

  it("that is refused says so in the API's own words, and nothing else of the answer", async () => {
    const error = { code: "Forbidden", message: "Caller is not authorized" };
    answers = [Response.json({ error, value: "a-secret" }, { status: 403 })];
    const refused = await api()
      .call(call)
      .catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({
      ...{ name: "AzureError", status: 403, passes: false },
      message: "GET biplane.vault.azure.net/secrets/a: 403 Caller is not authorized",
    });
    answers = [
      new Response("<Error>a-secret</Error>", { status: 404, headers: { "x-ms-error-code": "BlobNotFound" } }),
    ];
    await expect(api().call(call)).rejects.toThrow(/404 BlobNotFound$/);
  });
});

describe("the token of a pod", () => {
  const env = {
    ...{ AZURE_CLIENT_ID: "client", AZURE_TENANT_ID: "tenant", AZURE_FEDERATED_TOKEN_FILE: file },
    AZURE_AUTHORITY_HOST: "https://login.test/",
  };
  let clock = 0;
  const tokens = (more: NodeJS.ProcessEnv = {}) =>
    workloadTokens({ env: { ...env, ...more }, send, backoffMs: 1, now: () => clock });

  it("is traded for the cluster's own, which is sent in a body and nowhere else", async () => {
    expect(await tokens()("https://storage.azure.com")).toBe("token 1");
    expect(sent[0]?.url).toBe("https://login.test/tenant/oauth2/v2.0/token");
    expect(Object.fromEntries(new URLSearchParams(sent[0]?.body))).toEqual({
      ...{ grant_type: "client_credentials", client_id: "client", scope: "https://storage.azure.com/.default" },
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: "of-the-cluster",
    });
  });

  it("is kept for each API until shortly before its end, and asked for once by those who come at once", async () => {
    const of = tokens();
    expect(await Promise.all([of("a"), of("a")])).toEqual(["token 1", "token 1"]);
    expect(await of("b")).toBe("token 2");
    clock += 3_299_000;
    expect(await of("a")).toBe("token 1");
    clock += 2_000;
    writeFileSync(file, "a newer one");
    expect(await of("a")).toBe("token 3");
    expect(sent[2]?.body).toContain("a+newer+one");
  });

  it("that is refused is told in Entra's words, asked for again by the next one, and no call is made", async () => {
    const words = "AADSTS700213: No matching federated identity record found.\r\nTrace ID: 1";
    const refused = () => Response.json({ error: "invalid_client", error_description: words }, { status: 401 });
    answers = [refused()];
    const api = azure({ env, send, backoffMs: 1 });
    const call = { api: "blob", of: "acme", path: "/a" } as const;
    await expect(api.call(call)).rejects.toMatchObject({
      ...{ name: "EntraError", status: 401, passes: false },
      message: expect.stringMatching(/401 invalid_client: AADSTS700213: [^\r\n]+found\.$/),
    });
    expect(sent).toHaveLength(1);
    await api.call(call);
    expect(sent.map(({ url }) => url)).toEqual([
      expect.stringContaining("/oauth2/"),
      expect.stringContaining("/oauth2/"),
      "https://acme.blob.core.windows.net/a",
    ]);
  });

  it("cannot be had where AKS gave the pod nothing, which is said with what to do", async () => {
    await expect(tokens({ AZURE_CLIENT_ID: "" })("a")).rejects.toThrow(
      /AZURE_CLIENT_ID is missing\..*workload.identity/,
    );
  });
});
