/** The real client's own authenticators sign people in: over TLS, with its discovery, its callback and its polling. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paths } from "../../../sandbox/paths.ts";
import { ensureAuthority, ensureLeaf } from "../../../sandbox/pki.ts";
import { locateToolchain } from "../../../sandbox/toolchain/index.ts";
import { proxy } from "../../shared/proxy.ts";
import { type Server, startServer } from "../../shared/server.ts";
import { freePort, untilFree } from "../../shared/testing/free-port.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { startTestPostgres, type TestPostgres } from "../../shared/testing/postgres.ts";
import { openBrowser, overHttp2, type Page } from "../../testing/browser.ts";
import { type LoginProvider, startLoginProvider } from "../../testing/login-provider.ts";
import { type RegionWorld, startRegionWorld } from "../../testing/region-world.ts";
import { publicClient } from "./public-client.ts";

const callbackPort = Number(new URL(publicClient.redirectUri).port);
const accounts = { ann: { email: "ann@acme.test", emailVerified: true, groups: ["acme-admins"] } };
const groups = [{ org: "acme", group: "acme-admins", role: "admin" as const }];

let folder: string;
let python: string;
let caFile: string;
let issuer: string;
let login: LoginProvider;
let postgres: TestPostgres;
let world: RegionWorld;
let edge: Server;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "biplane-real-client-"));
  python = locateToolchain(paths()).python.client;
  const pki = paths({ BIPLANE_STATE: folder });
  caFile = (await ensureAuthority(pki)).certificate;
  const leaf = await ensureLeaf(pki, { name: "edge", dns: ["localhost"] });
  const port = await freePort();
  issuer = `https://localhost:${port}`;
  postgres = await startTestPostgres();
  login = await startLoginProvider(accounts, `${issuer}/oauth2/v1/callback`);
  const upstream = { ...login, scopes: "openid email groups", groupsClaim: "groups" };
  world = await startRegionWorld({ upstream, groups, issuer, postgres });
  const { log } = recordingLog("edge");
  edge = await startServer({
    port,
    log,
    tls: { cert: readFileSync(leaf.certificate), key: readFileSync(leaf.key) },
    handler: (request, response) =>
      proxy(request, response, {
        to: world.sessions,
        headers: { "cf-connecting-ip": "192.0.2.7" },
        lost: "the gateway cannot be reached",
        log,
      }),
  });
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await edge.close(100);
  await world.stop();
  await login.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true });
});

/** Starts a program of the client's environment; a browser that it opens only writes the address down. */
function start(program: string, args: string[], more: Record<string, string> = {}) {
  const urlFile = join(mkdtempSync(join(folder, "browser-")), "url");
  const browser = `${urlFile}.sh`;
  writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" > ${urlFile}.new && mv ${urlFile}.new ${urlFile}\n`);
  chmodSync(browser, 0o700);
  const child = spawn(program, args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...{ PATH: `${dirname(python)}:${process.env.PATH}`, HOME: folder, LANG: "C.UTF-8", BROWSER: browser },
      ...{ SSL_CERT_FILE: caFile, DO_NOT_TRACK: "1", NO_COLOR: "1", COLUMNS: "1000" },
      PYTHON_KEYRING_BACKEND: "keyring.backends.null.Keyring",
      ...more,
    },
  });
  children.push(child);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    said: () => text,
    ended,
    opened: () =>
      eventually(
        () => readOr(urlFile),
        () => text,
      ),
    shown: () =>
      eventually(
        () => /https:\/\/\S+user_code=[A-Z-]{9}/.exec(text)?.[0],
        () => text,
      ),
  };
}

async function eventually<T>(look: () => T | undefined, said: () => string): Promise<T> {
  for (const until = Date.now() + 120_000; Date.now() < until; await sleep(100)) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new Error(`nothing came; the client said: ${said()}`);
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Not yet.
    return undefined;
  }
}

function visitor() {
  const browser = openBrowser({
    [issuer]: overHttp2(world.sessions, { "cf-connecting-ip": "192.0.2.8" }),
    [login.issuer]: login.fetch,
  });
  const signIn = async (page: Page) => browser.submit(await browser.submit(page, { login: "ann", password: "x" }), {});
  return { ...browser, signIn };
}

async function byBrowser(url: string): Promise<void> {
  const ann = visitor();
  const back = await ann.signIn(await ann.open(url));
  expect((await fetch(back.url)).status).toBe(200);
}

async function byDevice(url: string): Promise<void> {
  const ann = visitor();
  const page = await ann.signIn(await ann.submit(await ann.open(url), { user_code: url.slice(-9) }));
  expect((await ann.submit(page, { decision: "approve" })).text).toContain("Your device is signed in");
}

const configuration = (authType: string) => {
  const file = join(folder, `${authType}.yaml`);
  const endpoint = `dns:///${new URL(issuer).host}`;
  writeFileSync(
    file,
    JSON.stringify({ admin: { endpoint, authType }, task: { project: "demo", domain: "development" } }),
  );
  return file;
};

/** Signs in, then twice more: with the refresh token that came of it each time. */
const script = `
import asyncio, json, sys
from flyte.remote._client.auth._client_config import RemoteClientConfigStore
from flyte.remote._client.auth._authenticators.pkce import PKCEAuthenticator
from flyte.remote._client.auth._authenticators.device_code import DeviceCodeAuthenticator

async def main(kind, endpoint):
    make = PKCEAuthenticator if kind == "Pkce" else DeviceCodeAuthenticator
    authenticator = make(endpoint=endpoint, cfg_store=RemoteClientConfigStore(endpoint), disable_keyring=True)
    got = []
    for _ in range(3):
        await authenticator.refresh_credentials()
        creds = authenticator.get_credentials()
        got.append([creds.access_token, creds.refresh_token, creds.expires_in])
    print("GOT" + json.dumps(got), flush=True)

asyncio.run(main(*sys.argv[1:]))
`;

describe.each([
  ["Pkce", (client: ReturnType<typeof start>) => client.opened().then(byBrowser)],
  ["DeviceFlow", (client: ReturnType<typeof start>) => client.shown().then(byDevice)],
] as const)("the client's %s", (authType, play) => {
  it("signs a person in, who is told who they are", async () => {
    await untilFree(callbackPort);
    const flyte = start(join(dirname(python), "flyte"), ["--config", configuration(authType), "whoami"]);
    await play(flyte);
    expect([await flyte.ended, flyte.said()]).toEqual([0, expect.stringContaining("ann@acme.test")]);
  });

  it("refreshes within the session, without the person", async () => {
    await untilFree(callbackPort);
    const client = start(python, ["-c", script, authType, issuer]);
    await play(client);
    expect([await client.ended, client.said()]).toEqual([0, expect.stringContaining("GOT")]);
    const got = JSON.parse(/GOT(.*)/.exec(client.said())?.[1] ?? "[]") as [string, string, number][];
    expect(got.map(([, , expiresIn]) => expiresIn)).toEqual([900, 900, 900]);
    expect(new Set(got.map(([, refreshToken]) => refreshToken)).size).toBe(3);
    const claims = got.map(([accessToken]) => decodeJwt(accessToken));
    expect(new Set(claims.map(({ sid }) => sid)).size).toBe(1);
    expect(claims[2]).toMatchObject({ sub: "ann@acme.test", org: "acme", role: "admin" });
  });
});
