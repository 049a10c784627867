import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { google } from "./google.ts";

let server: Server;
let origin: string;
let asked: IncomingMessage[] = [];
let answer: [number, string] = [200, "{}"];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request);
    const isMetadata = request.url?.startsWith("/computeMetadata/");
    const token = { access_token: "of-the-metadata-server", expires_in: 3_600, token_type: "Bearer" };
    const [status, body] = isMetadata ? [200, JSON.stringify(token)] : answer;
    response.writeHead(status, { "content-type": "application/json", "metadata-flavor": "Google" }).end(body);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  asked = [];
  answer = [200, "{}"];
});

const token = async () => "t";
const call = { api: "storage", path: "/storage/v1/b/x" };

describe("where an API is", () => {
  it("is its own host, one origin for all, or one for itself, in this order", () => {
    const at = (env: NodeJS.ProcessEnv) => google({ token, env }).originOf("storage");
    expect(at({})).toBe("https://storage.googleapis.com");
    expect(at({ GOOGLE_ENDPOINT_URL: "https://cloud.test/" })).toBe("https://cloud.test");
    const both = { GOOGLE_ENDPOINT_URL: "https://cloud.test", GOOGLE_ENDPOINT_URL_STORAGE: "https://gcs.test" };
    expect([at(both), google({ token, env: both }).originOf("logging")]).toEqual([
      "https://gcs.test",
      "https://cloud.test",
    ]);
  });
});

describe("a call", () => {
  const api = () => google({ token, env: { GOOGLE_ENDPOINT_URL: origin }, backoffMs: 1, timeoutMs: 30_000 });

  it("carries the token, its query and its body", async () => {
    await api().call({ ...call, method: "POST", query: { name: "a/b c" }, json: { a: 1 } });
    const [{ url, headers } = expect.unreachable("nothing was asked")] = asked;
    expect([url, headers.authorization]).toEqual(["/storage/v1/b/x?name=a%2Fb+c", "Bearer t"]);
    expect(headers["content-type"]).toBe("application/json");
  });

  it("that writes is made once, whatever is answered, unless it may be made again", async () => {
    answer = [503, "{}"];
    await expect(api().call({ ...call, method: "POST" })).rejects.toMatchObject({ status: 503, passes: true });
    expect(asked).toHaveLength(1);
    await expect(api().call({ ...call, method: "POST", repeatable: true })).rejects.toMatchObject({ status: 503 });
    expect(asked).toHaveLength(4);
  });

  it("waits as long as it is told to, and does not where that is too long", async () => {
    const told = (retryAfter: string) => {
      const answers = [new Response("{}", { status: 429, headers: { "retry-after": retryAfter } }), Response.json({})];
      const send = async () => answers.shift() ?? expect.unreachable("a third call");
      return google({ token, env: { GOOGLE_ENDPOINT_URL: origin }, backoffMs: 0, timeoutMs: 5_000, send }).call(call);
    };
    vi.useFakeTimers();
    try {
      let done = false;
      const first = told("2").then(() => {
        done = true;
      });
      await vi.advanceTimersByTimeAsync(1_999);
      expect(done).toBe(false);
      await vi.advanceTimersByTimeAsync(2);
      await first;
      await expect(told("3600")).rejects.toMatchObject({ status: 429, retryAfterMs: 3_600_000 });
    } finally {
      vi.useRealTimers();
    }
  });

  it("tells the API's own words and nothing else of an error's body", async () => {
    answer = [403, JSON.stringify({ error: { message: "Permission denied on x", details: ["a-seeded-value"] } })];
    const error = await api().call(call).catch(String);
    expect(error).toMatch(/GET storage.googleapis.com\/storage\/v1\/b\/x: 403 Permission denied on x$/);
    answer = [500, "<html>a-seeded-value"];
    expect(await api().call(call).catch(String)).not.toContain("a-seeded-value");
  });

  it("that is not answered in its time has failed, and one that its caller gave up is the caller's", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
    const env = { GOOGLE_ENDPOINT_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
    const api = google({ token, env, backoffMs: 1, timeoutMs: 50 });
    await expect(api.call(call)).rejects.toMatchObject({ name: "GoogleError", status: 0 });
    await expect(api.call({ ...call, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    silent.closeAllConnections();
    silent.close();
  });
});

describe("the credentials of a pod", () => {
  it("come from the metadata server, and are kept while they last", async () => {
    vi.stubEnv("GCE_METADATA_HOST", origin.slice("http://".length));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "");
    vi.stubEnv("HOME", "/nonexistent");
    try {
      const api = google({ env: { GOOGLE_ENDPOINT_URL: origin } });
      await api.call(call);
      await api.call(call);
    } finally {
      vi.unstubAllEnvs();
    }
    const tokens = asked.filter(({ url }) => url?.includes("/service-accounts/default/token"));
    expect(tokens.map(({ headers }) => headers["metadata-flavor"])).toEqual(["Google"]);
    const calls = asked.filter(({ url }) => url === call.path);
    expect(calls.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill("Bearer of-the-metadata-server"));
  });
});
