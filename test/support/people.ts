/** People of the local run, with a plain HTTP follower as their browser: through the edge and the identity provider. */
import { readFileSync } from "node:fs";
import { names } from "../../sandbox/hosts.ts";
import { openBrowser, type Page } from "../../services/testing/browser.ts";
import { https } from "./api.ts";
import { environment } from "./local-run.ts";

const site: typeof fetch = async (input, options) => {
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

/** A browser of somebody who has not signed in anywhere yet. */
export function person(org: string, role: "admin" | "contributor" | "viewer") {
  const found = environment.people.find((one) => one.org === org && one.role === role);
  if (!found) throw new Error(`the local run has no person who is a ${role} of ${org}`);
  const browser = openBrowser({ [`https://${environment.endpoint}`]: site, [`https://${names.login}`]: site });
  /** At the provider's page. */
  const signIn = (page: Page) =>
    browser.submit(page, { login: found.email, password: readFileSync(found.passwordFile, "utf8") });
  return {
    ...browser,
    email: found.email,
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
