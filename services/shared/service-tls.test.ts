import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:https";
import { connect as plainly } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IdentityService } from "../../gen/flyteidl2/auth/identity_pb.js";
import { paths } from "../../sandbox/paths.ts";
import { ensureAuthority, ensureLeaf } from "../../sandbox/pki.ts";
import { remoteKeys } from "./auth/remote-keys.ts";
import { tokenVerifier } from "./auth/verifier.ts";
import { type Upstream, upstream } from "./client.ts";
import { readConfig } from "./config.ts";
import { answerJson } from "./http.ts";
import { startServer } from "./server.ts";
import { type RunningService, startService } from "./service.ts";
import { mutualOf, mutualTls, type ServiceTls, serviceTlsShape, type Trust } from "./service-tls.ts";
import { unrecorded } from "./testing/audit.ts";
import { byRole } from "./testing/authorizer.ts";
import { codeOf } from "./testing/code-of.ts";
import { testIssuer } from "./testing/issuer.ts";
import { recordingLog } from "./testing/log.ts";

const { log, lines } = recordingLog();
let folder: string;
let service: RunningService;
let url: string;
let authorization: string;
let served = 0;
const leaves: Record<"runs" | "gateway" | "actions" | "stranger", ServiceTls> = {} as never;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "service-tls-"));
  const pki = paths({ BIPLANE_STATE: folder });
  for (const [name, authority] of [
    ["runs", "plane"],
    ["gateway", "plane"],
    ["actions", "plane"],
    ["stranger", "elsewhere"],
  ] as const) {
    const leaf = await ensureLeaf(pki, {
      name,
      // The stranger calls itself as one that may call: only its authority tells it apart.
      commonName: name === "stranger" ? "gateway" : name,
      dns: name === "runs" ? ["localhost", "runs-peers.test"] : [],
      authority,
    });
    const ca = await ensureAuthority(pki, authority);
    const read = (file: string) => readFileSync(file, "utf8");
    leaves[name] = { cert: read(leaf.certificate), key: read(leaf.key), ca: read(ca.certificate) };
  }
  const issuer = await testIssuer();
  authorization = `Bearer ${await issuer.token()}`;
  const mutual = { tls: leaves.runs, callers: ["gateway"] };
  service = await startService(
    { name: "runs", port: 0, healthPort: 0, log, lingerMs: 0, drainMs: 100, mutual },
    {
      rpc: {
        verify: tokenVerifier([issuer.trusted]),
        authorize: byRole,
        audit: unrecorded,
        routes: (router) => void router.service(IdentityService, { userInfo }),
      },
      http: (_request, response) => answerJson(response, 200, { keys: [] }),
    },
  );
  url = `https://localhost:${service.port}`;
});
afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const userInfo = async () => {
  served++;
  return { subject: "x" };
};

async function ask(by: Upstream) {
  try {
    const client = createClient(IdentityService, by.transport);
    return await codeOf(client.userInfo({}, { headers: { authorization }, timeoutMs: 5_000 }));
  } finally {
    by.close();
  }
}

const refused = "Unavailable";

describe("a service with a certificate of its plane", () => {
  it("serves the callers that it is told of", async () => {
    expect(await ask(upstream(url, leaves.gateway))).toBe("ok");
  });

  it("refuses another service of its plane, says whom, and does nothing of what it asked for", async () => {
    const before = served;
    expect(await ask(upstream(url, leaves.actions))).toBe("PermissionDenied");
    expect(served).toBe(before);
    expect(lines.filter((line) => line.includes('"caller":"actions"'))).toHaveLength(1);
  });

  it("answers its probes by TLS, to whoever comes, and not in clear", async () => {
    const { healthPort: port } = service;
    const answered = new Promise<number | undefined>((resolve, reject) => {
      const where = { host: "localhost", port, path: "/readyz", ca: leaves.runs.ca, agent: false };
      get(where, (response) => resolve(response.resume().statusCode)).once("error", reject);
    });
    expect(await answered).toBe(200);
    await expect(fetch(`http://localhost:${port}/readyz`)).rejects.toThrow();
  });

  it.each<[string, () => Upstream]>([
    ["one whose name another authority vouches for", () => upstream(url, { ...leaves.stranger, ca: leaves.runs.ca })],
    ["one that shows nothing", () => upstream(url, { ca: leaves.runs.ca })],
  ])("refuses %s", async (_, caller) => {
    const before = served;
    expect(await ask(caller())).toBe(refused);
    expect(served).toBe(before);
  });

  it("stops in its time, whoever is connected and says nothing", async () => {
    const tls = mutualTls(leaves.runs);
    const other = await startServer({ port: 0, handler: () => undefined, log, tls, callers: ["gateway"] });
    const silent = plainly(other.port, "localhost");
    await once(silent, "connect");
    silent.on("error", () => undefined);
    const began = performance.now();
    await other.close(200);
    expect(performance.now() - began).toBeLessThan(3_000);
    silent.destroy();
  });

  it("speaks HTTP/2 alone", async () => {
    const { cert, key, ca } = leaves.gateway;
    const socket = connect({ host: "localhost", port: service.port, cert, key, ca, ALPNProtocols: ["http/1.1"] });
    const told = await new Promise((resolve) => {
      socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code));
      socket.once("secureConnect", () => resolve("connected"));
    });
    expect(told).toBe("ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");
  });

  it("serves nobody in clear", async () => {
    expect(await ask(upstream(url.replace("https", "http")))).toBe(refused);
    expect(() => upstream(url.replace("https", "http"), leaves.gateway)).toThrow(/allowed: https/);
    await expect(fetch(url.replace("https", "http"))).rejects.toThrow();
  });

  it("is not taken for another: neither by name nor by authority", async () => {
    const by = (more: Partial<Trust>, name?: string) => upstream(url, { ...leaves.gateway, ...more }, name);
    expect(await ask(by({}, "actions.test"))).toBe(refused);
    expect(await ask(by({ ca: leaves.stranger.ca }))).toBe(refused);
    expect(await ask(by({}, "runs-peers.test"))).toBe("ok");
  });

  it("speaks no older TLS", async () => {
    const { cert, key, ca } = leaves.gateway;
    const told = await new Promise<string>((resolve) => {
      const socket = connect({ host: "localhost", port: service.port, cert, key, ca, maxVersion: "TLSv1.2" });
      socket.once("secureConnect", () => resolve("connected"));
      socket.once("error", (error) => resolve(String((error as NodeJS.ErrnoException).code)));
    });
    expect(told).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  it("gives its keys to its callers, and to nobody else", async () => {
    const header = { alg: "ES256", kid: "any" };
    const fetched = async (tls: ServiceTls) => {
      const error = await Promise.resolve(remoteKeys(`${url}/keys`, tls)(header, { payload: "", signature: "" })).catch(
        (thrown: unknown) => thrown,
      );
      return (error as { code?: string }).code;
    };
    expect(await fetched(leaves.gateway)).toBe("ERR_JWKS_NO_MATCHING_KEY");
    expect(await fetched(leaves.actions)).not.toBe("ERR_JWKS_NO_MATCHING_KEY");
  });
});

it("refuses to name callers that it could not know", () => {
  expect(mutualOf({ SERVICE_CALLERS: [] } as never)).toBeUndefined();
  expect(() => mutualOf({ SERVICE_CALLERS: ["gateway"] } as never)).toThrow(/SERVICE_CALLERS.*SERVICE_TLS_FOLDER/s);
});

describe("serviceTlsShape", () => {
  it("names nobody where nothing is set", () => {
    expect(readConfig(serviceTlsShape, {})).toEqual({ SERVICE_CALLERS: [] });
  });

  it.each([
    ["a folder that is not there", { SERVICE_TLS_FOLDER: "/nowhere" }, /SERVICE_TLS_FOLDER: cannot be read/],
    ["a caller that is no name", { SERVICE_CALLERS: "gateway,*" }, /SERVICE_CALLERS: must be DNS labels/],
  ])("refuses %s", (_, env, told) => {
    expect(() => readConfig(serviceTlsShape, env)).toThrow(told);
  });
});
