/** A browser without a screen: follows redirects, keeps cookies, fills forms in. */
import type { StreamSource } from "../shared/proxy.ts";

export interface Page {
  url: URL;
  status: number;
  headers: Headers;
  text: string;
}

export interface Browser {
  /** Until a page is shown, or an address that is none of the known sites: that page has status 0. */
  open(url: string | URL): Promise<Page>;
  /** Sends the page's one form, with these fields beside its hidden ones. */
  submit(page: Page, fields: Record<string, string>): Promise<Page>;
  /** By the site's origin. */
  cookies: Map<string, Map<string, string>>;
}

/** @param sites by origin; none follows redirects itself. */
export function openBrowser(sites: Readonly<Record<string, typeof fetch>>): Browser {
  const cookies = new Map<string, Map<string, string>>();
  const ask = async (to: string | URL, init: RequestInit): Promise<Page> => {
    let url = new URL(to);
    let options = init;
    for (let hop = 0; hop < 20; hop++) {
      const site = sites[url.origin];
      if (!site) return { url, status: 0, headers: new Headers(), text: "" };
      const jar = cookies.get(url.origin) ?? new Map<string, string>();
      cookies.set(url.origin, jar);
      const headers = new Headers(options.headers);
      headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
      const answer = await site(url, { ...options, headers, redirect: "manual" });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === "") jar.delete(name);
        else jar.set(name, value);
      }
      const location = answer.headers.get("location");
      const text = await answer.text();
      if (location === null) return { url, status: answer.status, headers: answer.headers, text };
      url = new URL(location, url);
      options = {};
    }
    throw new Error(`${url.origin} redirects without end`);
  };
  return {
    cookies,
    open: (url) => ask(url, {}),
    submit(page, fields) {
      const action = /<form[^>]* action="([^"]*)"/.exec(page.text)?.[1];
      if (action === undefined) throw new Error(`there is no form on ${page.url.pathname}: ${page.text}`);
      const hidden = [...page.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
      const body = new URLSearchParams([
        ...hidden.map(([, name = "", value = ""]): [string, string] => [name, value]),
        ...Object.entries(fields),
      ]);
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return ask(new URL(action, page.url), { method: "POST", headers, body: body.toString() });
    },
  };
}

/** Of a site that is reached by HTTP/2, such as a gateway. @param more headers, as the edge sets them. */
export function overHttp2(to: StreamSource, more: Record<string, string>): typeof fetch {
  return async (input, options) => {
    const asked = new URL(input instanceof Request ? input.url : input);
    const headers = { ...Object.fromEntries(new Headers(options?.headers)), ...more };
    const stream = await to.request(options?.method ?? "GET", asked.pathname + asked.search, headers, {});
    stream.on("error", () => undefined);
    const answered = new Promise<Headers & { status?: number }>((resolve) =>
      stream.once("response", (given) => {
        const read: Headers & { status?: number } = new Headers();
        for (const [name, value] of Object.entries(given)) {
          if (name.startsWith(":")) continue;
          for (const one of [value ?? []].flat()) read.append(name, String(one));
        }
        read.status = Number(given[":status"]);
        resolve(read);
      }),
    );
    // One without a body by its method is at its end from the beginning.
    if (!stream.writableEnded) stream.end(typeof options?.body === "string" ? options.body : "");
    let text = "";
    for await (const chunk of stream) text += chunk;
    const read = await answered;
    return new Response(read.status === 204 ? null : text, { status: read.status ?? 502, headers: read });
  };
}
