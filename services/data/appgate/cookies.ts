/** The platform's cookies at an app's host: opaque, of this host alone, and shown to no app. Pure. */
import type { IncomingHttpHeaders } from "node:http";

/** "__Host-": the browser takes it over TLS from this very host, and sends it to no other. */
const prefix = "__Host-biplane-";
/** Browsers take the prefix in any case, so nobody may come by another. */
const ours = /^__host-biplane-/i;

export const sessionCookie = "session";

export function setCookie(name: string, value: string, lifetimeSeconds: number): string {
  return `${prefix}${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${lifetimeSeconds}`;
}

export const endCookie = (name: string) => setCookie(name, "", 0);

/** @returns undefined where it is not there, or there twice. */
export function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const found = pairsOf(headers.cookie).filter((pair) => pair.startsWith(`${prefix}${name}=`));
  return found.length === 1 ? found[0]?.slice(prefix.length + name.length + 1) : undefined;
}

/** Names, without the prefix, of those that begin with it and with `start`. */
export function cookiesNamed(headers: IncomingHttpHeaders, start: string): string[] {
  return pairsOf(headers.cookie)
    .filter((pair) => pair.startsWith(prefix + start))
    .map((pair) => pair.slice(prefix.length).split("=", 1)[0] ?? "");
}

/** @returns the app's own. */
export function withoutOurs(cookie: string | undefined): string | undefined {
  const left = pairsOf(cookie).filter((pair) => !ours.test(pair));
  return left.length > 0 ? left.join("; ") : undefined;
}

/** An app sets what it likes at its host, but nothing that the gate would read. */
export function settingOnlyTheirs(lines: readonly string[]): string[] {
  return lines.filter((line) => !ours.test(line.trimStart()));
}

function pairsOf(cookie: string | undefined): string[] {
  return (cookie ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "");
}
