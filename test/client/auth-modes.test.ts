/** The real client signs in by each of its five ways, through the edge, and asks who it is. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ApiKeyService } from "../../gen/biplane/identity/v1/identity_pb.js";
import { flyte, flyteScript } from "../../sandbox/client.ts";
import { publicClient } from "../../services/control/identity/public-client.ts";
import { untilFree } from "../../services/shared/testing/free-port.ts";
import { evidenceFor } from "../support/evidence.ts";
import { edge, signedIn, tokenAnswer } from "../support/identities.ts";
import { environment, here } from "../support/local-run.ts";
import { person } from "../support/people.ts";

const { proves } = evidenceFor("client/auth-modes");
const { org, endpoint, clientId, clientSecretFile } = environment;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "biplane-auth-modes-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function configuration(name: string, admin: Record<string, unknown>): string {
  const file = join(folder, `${name}.yaml`);
  const whole = { admin: { endpoint: `dns:///${endpoint}`, ...admin }, task: { org, ...placeOf(environment) } };
  writeFileSync(file, JSON.stringify(whole), { mode: 0o600 });
  return file;
}
const placeOf = ({ project, domain }: typeof environment) => ({ project, domain });

/** A program of a mode of its own, so that nothing but its owner reads what it says. */
function program(name: string, lines: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o700);
  return file;
}

/** `flyte whoami`, with no keyring to find an earlier sign-in in. */
async function whoami(env: Record<string, string>, onOutput?: (text: string) => void): Promise<string> {
  const all = { PYTHON_KEYRING_BACKEND: "keyring.backends.null.Keyring", ...env };
  const answer = await flyte(here, environment, ["--no-progress", "whoami"], {
    env: all,
    timeoutMs: 170_000,
    ...(onOutput ? { onOutput } : {}),
  });
  const said = stripVTControlCharacters(answer.stdout);
  expect([answer.exitCode, answer.stderr], said).toEqual([0, expect.any(String)]);
  return said;
}

async function eventually<T>(look: () => T | undefined): Promise<T> {
  for (const until = Date.now() + 120_000; Date.now() < until; await sleep(100)) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new Error("the client showed nothing");
}

it("as an application, by client id and secret", async () => {
  const admin = { authType: "ClientSecret", clientId, clientSecretLocation: clientSecretFile };
  expect(await whoami({ FLYTECTL_CONFIG: configuration("secret", admin) })).toContain(clientId);
});

/** The commands know no key; the library does. */
const byKey = `
import flyte, flyte.remote
flyte.init_from_api_key()
print(flyte.remote.User.get().to_json())
`;

it("by an API key, as the one who made it", async () => {
  const keys = createClient(ApiKeyService, edge());
  const headers = await signedIn(org, "admin");
  const { key, value } = await keys.createApiKey({ name: "auth-modes", days: 1 }, { headers });
  try {
    const env = { FLYTECTL_CONFIG: join(folder, "none.yaml"), FLYTE_API_KEY: value };
    const answer = await flyteScript(here, environment, byKey, { env });
    expect([answer.exitCode, answer.stdout], answer.stderr).toEqual([0, expect.stringContaining(clientId)]);
  } finally {
    await keys.revokeApiKey({ keyId: key?.keyId ?? "" }, { headers });
  }
});

it("by a command that says a token", async () => {
  const { token } = await tokenAnswer(clientId, readFileSync(clientSecretFile, "utf8"));
  writeFileSync(join(folder, "token"), token ?? "", { mode: 0o600 });
  const command = [program("say-token", `cat ${join(folder, "token")}`)];
  const config = configuration("command", { authType: "ExternalCommand", command });
  expect(await whoami({ FLYTECTL_CONFIG: config })).toContain(clientId);
});

it("as a person, by a browser", async () => {
  proves(["authn-oidc-cli-login"], "a callback with another state is refused");
  const url = join(folder, "url");
  const browser = program("browser", `printf %s "$1" > ${url}.new && mv ${url}.new ${url}`);
  const viewer = person(org, "viewer");
  await untilFree(Number(new URL(publicClient.redirectUri).port));
  const asked = whoami({ FLYTECTL_CONFIG: configuration("pkce", { authType: "Pkce" }), BROWSER: browser });
  const opened = await eventually(() => readOr(url));
  const forged = await viewer.open(`https://${endpoint}/oauth2/v1/callback?code=x&state=${"s".repeat(43)}`);
  expect([forged.status, forged.text]).toEqual([400, expect.stringContaining("Not signed in")]);
  expect(await viewer.byBrowser(opened)).toBe(200);
  expect(await asked).toContain(viewer.email);
});

it.each([
  [org, "contributor"],
  ["globex", "admin"],
] as const)("as a person, by a code on another device: of %s, a %s", async (of, role) => {
  const who = person(of, role);
  let said = "";
  const config = configuration("device", { authType: "DeviceFlow" });
  const asked = whoami({ FLYTECTL_CONFIG: config }, (text) => {
    said += text;
  });
  const url = await eventually(() => /https:\/\/\S+user_code=[A-Z-]{9}/.exec(stripVTControlCharacters(said))?.[0]);
  expect((await who.byDevice(url)).text).toContain("Your device is signed in");
  expect(await asked).toContain(who.email);
});

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Not yet.
    return undefined;
  }
}
