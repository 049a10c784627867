/** People of the local run, with a plain HTTP follower as their browser: through the edge and the identity provider. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { names } from "../../sandbox/hosts.ts";
import { authorizePath, publicClient } from "../../services/control/identity/public-client.ts";
import { challengeOf } from "../../services/control/identity/session-rules.ts";
import { openBrowser, type Page } from "../../services/testing/browser.ts";
import { https } from "./api.ts";
import { environment } from "./local-run.ts";

/** The local run, by its names; redirects are not followed. */
export const site: typeof fetch = async (input, options) => {
  const url = input instanceof Request ? input.url : String(input);
  const { status, headers, body } = await https(url, {
    method: options?.method ?? "GET",
    headers: Object.fromEntries(new Headers(options?.headers)),
    ...(typeof options?.body === "string" ? { body: options.body } : {}),
  });
  const read = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of [value ?? []].flat()) read.append(name, one);
  }
  return new Response(body.toString(), { status, headers: read });
};

const browsers = (more: Record<string, typeof fetch> = {}) =>
  openBrowser({ [`https://${environment.endpoint}`]: site, [`https://${names.login}`]: site, ...more });

/** Of who runs the region, in a browser of their own. */
export function staffMember() {
  const browser = browsers();
  const { email, passwordFile } = environment.staff;
  const redirectUri = publicClient.redirectUri;
  const verifier = randomBytes(48).toString("base64url");
  return {
    /** As a client does, without its listening. @param grantId what is chosen. @returns a token, or the page that refuses */
    async signIn(grantId?: string): Promise<{ token?: string; refused?: string }> {
      const url = new URL(`https://${environment.endpoint}${authorizePath}`);
      const asked = { client_id: publicClient.clientId, redirect_uri: redirectUri, response_type: "code" };
      const proof = { code_challenge: challengeOf(verifier), code_challenge_method: "S256" };
      for (const [name, value] of Object.entries({ ...asked, ...proof })) url.searchParams.set(name, value);
      const login = { login: email, password: readFileSync(passwordFile, "utf8") };
      const page = await browser.submit(await browser.open(url), login);
      if (page.status !== 200 || grantId === undefined) return { refused: page.text };
      const back = await browser.submit(page, { grant: grantId });
      if (back.status !== 0) return { refused: back.text };
      const { body } = await https(`https://${environment.endpoint}/oauth2/v1/token`, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({
          ...{ client_id: publicClient.clientId, redirect_uri: redirectUri, grant_type: "authorization_code" },
          ...{ code: back.url.searchParams.get("code") ?? "", code_verifier: verifier },
        }).toString(),
      });
      return { token: z.object({ access_token: z.string() }).parse(JSON.parse(body.toString())).access_token };
    },
  };
}

/**
 * A browser of somebody who has not signed in anywhere yet.
 *
 * @param more sites by origin. @default the region and the provider alone
 */
export function person(org: string, role: "admin" | "contributor" | "viewer", more?: Record<string, typeof fetch>) {
  const found = environment.people.find((one) => one.org === org && one.role === role);
  if (!found) throw new Error(`the local run has no person who is a ${role} of ${org}`);
  const browser = browsers(more);
  /** At the provider's page. */
  const signIn = (page: Page) =>
    browser.submit(page, { login: found.email, password: readFileSync(found.passwordFile, "utf8") });
  return {
    ...browser,
    email: found.email,
    signIn,
    /** Opens where a client sends its person, signs in, and calls the client's own callback. @returns its status. */
    async byBrowser(url: string): Promise<number> {
      const back = await signIn(await browser.open(url));
      if (back.status !== 0) throw new Error(`${found.email} stays at ${back.url.origin}: ${back.status} ${back.text}`);
      return (await fetch(back.url)).status;
    },
    /** Opens what a device shows, signs in and approves. @returns the last page. */
    async byDevice(url: string): Promise<Page> {
      const userCode = new URL(url).searchParams.get("user_code") ?? "";
      const page = await signIn(await browser.submit(await browser.open(url), { user_code: userCode }));
      return browser.submit(page, { decision: "approve" });
    },
  };
}
