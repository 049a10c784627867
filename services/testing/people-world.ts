/** A region whose people sign in through the real oidc-provider, with a plain HTTP follower as their browser. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { expect } from "vitest";
import { AuditService } from "../../gen/biplane/audit/v1/audit_pb.js";
import { IdentityService } from "../../gen/flyteidl2/auth/identity_pb.js";
import { ProjectService } from "../../gen/flyteidl2/project/project_service_pb.js";
import { challengeOf } from "../control/identity/session-rules.ts";
import { codeOf } from "../shared/testing/code-of.ts";
import { type Browser, openBrowser, overHttp2, type Page } from "./browser.ts";
import { startLoginProvider } from "./login-provider.ts";
import { startRegionWorld } from "./region-world.ts";

export const issuer = "https://region.biplane.test";
/** The client's. */
export const redirectUri = "http://localhost:53593/callback";
export const form = { "content-type": "application/x-www-form-urlencoded" };

const account = (email: string, ...groups: string[]) => ({ email, emailVerified: true, groups });
export const accounts = {
  ann: account("Ann@acme.test", "acme-admins", "acme-people"),
  vic: account("vic@acme.test", "acme-people"),
  gus: account("gus@globex.test", "globex-admins"),
  sam: account("Sam@biplane.test", "region-staff"),
  nobody: account("nobody@elsewhere.test", "something-else"),
  both: account("both@acme.test", "acme-people", "globex-admins"),
  unsure: { ...account("ann@acme.test", "acme-admins"), emailVerified: false },
};
const groups = [
  { org: "acme", group: "acme-admins", role: "admin" as const },
  { org: "acme", group: "acme-people", role: "viewer" as const },
  { org: "globex", group: "globex-admins", role: "admin" as const },
];

interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  error?: string;
  error_description?: string;
}

export type PeopleWorld = Awaited<ReturnType<typeof startPeopleWorld>>;

/** Its clock of wrong tries stands still: how many there may be does not depend on how fast the machine is. */
export async function startPeopleWorld() {
  const login = await startLoginProvider(accounts, `${issuer}/oauth2/v1/callback`);
  const upstream = { ...login, scopes: "openid email groups", groupsClaim: "groups", staffGroup: "region-staff" };
  const region = await startRegionWorld({ upstream, groups, triesClock: () => 0 });
  let sources = 0;
  const from = (source: string) => overHttp2(region.sessions, { "cf-connecting-ip": source });
  const site = from("192.0.2.1");
  /** A browser of somebody who has not signed in anywhere yet. */
  const browser = (by = site) => openBrowser({ [issuer]: by, [login.issuer]: login.fetch });

  async function token(fields: Record<string, string>): Promise<{ status: number } & Tokens> {
    const body = new URLSearchParams({ client_id: "biplane-cli", ...fields }).toString();
    const answer = await site(`${issuer}/oauth2/v1/token`, { method: "POST", headers: form, body });
    return { status: answer.status, ...((await answer.json()) as Tokens) };
  }
  const exchangeCode = (code: string, verifier: string) =>
    token({ grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier });

  async function codeFor(who: string) {
    const verifier = randomBytes(48).toString("base64url");
    const visitor = browser();
    const page = await visitor.open(authorizeUrl({ code_challenge: challengeOf(verifier), state: `of ${who}` }));
    const back = await passLogin(visitor, page, who);
    expect(`${back.url.origin}${back.url.pathname}`).toBe(redirectUri);
    expect(back.url.searchParams.get("state")).toBe(`of ${who}`);
    return { code: back.url.searchParams.get("code") ?? "", verifier };
  }

  async function signedIn(who: string) {
    const { code, verifier } = await codeFor(who);
    return exchangeCode(code, verifier);
  }

  const projects = (accessToken: string) =>
    codeOf(createClient(ProjectService, region.transport).listProjects({}, bearer(accessToken)));

  return {
    ...{ region, login, site, browser, token, exchangeCode, codeFor, signedIn, projects },
    /** As if from somewhere that nobody has come from yet. */
    fresh: () => from(`198.51.100.${++sources}`),
    refresh: (refreshToken: string) => token({ grant_type: "refresh_token", refresh_token: refreshToken }),
    whoami: (accessToken: string) => createClient(IdentityService, region.transport).userInfo({}, bearer(accessToken)),
    /** What was kept by the gateway and the services for two seconds is gone after three; the machine may be slow. */
    async overSoon(accessToken: string) {
      for (const until = Date.now() + 50_000; Date.now() < until; await sleep(200)) {
        if ((await projects(accessToken)) === "Unauthenticated") return;
      }
      throw new Error("the token still works after 50 s");
    },
    async auditOf(who: "ann" | "vic") {
      const { access_token } = await signedIn("ann");
      const audit = createClient(AuditService, region.transport);
      const { records } = await audit.listRecords({}, bearer(access_token));
      return records
        .filter(({ subject }) => subject === accounts[who].email.toLowerCase())
        .map(({ operation, decision, resource }) => [operation, decision, resource]);
    },
    async stop() {
      await region.stop();
      await login.stop();
    },
  };
}

/** Where a client sends its person. */
export function authorizeUrl(changes: Record<string, string | undefined> = {}): URL {
  const url = new URL(`${issuer}/oauth2/v1/authorize`);
  const given = {
    ...{ client_id: "biplane-cli", response_type: "code", scope: "all", redirect_uri: redirectUri, state: "s-1" },
    ...{ audience: issuer, code_challenge: challengeOf("v".repeat(43)), code_challenge_method: "S256" },
    ...changes,
  };
  for (const [name, value] of Object.entries(given)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

/** At the provider: its log-in page, then its consent. */
export async function passLogin(visitor: Browser, page: Page, who: string): Promise<Page> {
  expect(page.text).toContain("Enter any login");
  const consent = await visitor.submit(page, { login: who, password: "x" });
  return visitor.submit(consent, {});
}

export const bearer = (accessToken: string) => ({ headers: { authorization: `Bearer ${accessToken}` } });
