/** The platform's own cookies, and when a browser's counts. Pure. */
import type { IncomingHttpHeaders } from "node:http";

/** "__Host-": the browser takes it over TLS from this very host, and sends it to no other. */
const prefix = "__Host-biplane-";
/** Browsers take the prefix in any case, so nobody may come by another. */
const ours = /^__host-biplane-/i;

/** Lax, since another site's page leads back here after a sign-in; no other site's form sends it. */
export function setCookie(name: string, value: string, lifetimeSeconds: number): string {
  return `${prefix}${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${lifetimeSeconds}`;
}

export const endCookie = (name: string) => setCookie(name, "", 0);

/** @returns undefined where it is not there, or there twice. */
export function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const found = cookiePairs(headers.cookie).filter((pair) => pair.startsWith(`${prefix}${name}=`));
  return found.length === 1 ? found[0]?.slice(prefix.length + name.length + 1) : undefined;
}

/** Names, without the prefix, of those that begin with it and with `start`. */
export function cookiesNamed(headers: IncomingHttpHeaders, start: string): string[] {
  return cookiePairs(headers.cookie)
    .filter((pair) => pair.startsWith(prefix + start))
    .map((pair) => pair.slice(prefix.length).split("=", 1)[0] ?? "");
}

/** @param text that begins with a cookie's name. */
export const isOurs = (text: string) => ours.test(text);

export function cookiePairs(cookie: string | undefined): string[] {
  return (cookie ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "");
}

interface Sent {
  host: string;
  method: string;
  headers: IncomingHttpHeaders;
  /** To a WebSocket. */
  upgrade: boolean;
}

/**
 * A browser sends the cookie with whatever a page asks for, and for SameSite all hosts of a domain are one site: an app of
 * one project could act at another's as whoever visits it. So the cookie counts for what a page of this host asks, and where
 * somebody follows a link to it.
 */
export function cookieCounts({ host, method, headers, upgrade }: Sent): boolean {
  const { origin, "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": destination } = headers;
  const reads = (method === "GET" || method === "HEAD") && !upgrade;
  if (origin !== undefined && origin !== `https://${host}`) return false;
  if (site === "same-origin" || site === "none") return true;
  if (site !== undefined) return reads && mode === "navigate" && destination === "document";
  // Browsers of before these headers still say where a change, or a WebSocket, comes from.
  return reads || origin !== undefined;
}
