/** What a request to the gate says: of which app, by whose credential, and whether a page of another site made it. Pure. */
import type { IncomingHttpHeaders } from "node:http";
import { decodeJwt } from "jose";
import type { CheckAccessRequest } from "../../../gen/biplane/apps/v1/access_pb.js";
import { cookieOf } from "../../shared/cookies.ts";
import { sessionCookie } from "./cookies.ts";

export type Credential = CheckAccessRequest["credential"];
export const nobody: Credential = { case: undefined };

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** @returns the app's host as the region knows it; undefined for another site's, and for what names two. */
export function hostOf(rawHeaders: readonly string[], appsDomain: string): string | undefined {
  const given = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "host");
  const [only = ""] = given;
  const host = only.toLowerCase().replace(/:443$/, "");
  const [name = ""] = host.split(".", 1);
  return given.length === 1 && label.test(name) && host === `${name}.${appsDomain}` ? host : undefined;
}

/** Only a path of this very host: no other site's address, which a proxy behind might take for the host. */
export function isPath(target: string | undefined): target is string {
  return target?.startsWith("/") ?? false;
}

/**
 * The platform's own bearer, which no app is shown: an API key, or a token of the region. Any other bearer is between the
 * caller and the app.
 */
export function bearerOf({ authorization }: IncomingHttpHeaders, issuer: string): string | undefined {
  const value = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  return value !== undefined && (isApiKey(value) || isTokenOf(value, issuer)) ? value : undefined;
}

function isApiKey(value: string): boolean {
  if (!/^[A-Za-z0-9+/]{32,1024}={0,2}$/.test(value)) return false;
  return /^[^:]+:[^:]+:[^:]+:[^:]*$/.test(Buffer.from(value, "base64").toString("utf8"));
}

function isTokenOf(value: string, issuer: string): boolean {
  try {
    return decodeJwt(value).iss === issuer;
  } catch {
    // No token of anybody.
    return false;
  }
}

export function credentialOf(headers: IncomingHttpHeaders, issuer: string): Credential {
  const bearer = bearerOf(headers, issuer);
  if (bearer !== undefined) return { case: "bearer", value: bearer };
  const session = cookieOf(headers, sessionCookie);
  return session === undefined ? nobody : { case: "session", value: session };
}

interface Visit {
  method: string;
  headers: IncomingHttpHeaders;
  /** To a WebSocket. */
  upgrade: boolean;
}

/** Somebody looks at it by a browser, and can be sent to sign in. */
export function isVisit({ method, headers, upgrade }: Visit): boolean {
  if (upgrade || (method !== "GET" && method !== "HEAD")) return false;
  const { accept = "", "sec-fetch-mode": mode = "navigate", "sec-fetch-dest": destination = "document" } = headers;
  return accept.includes("text/html") && mode === "navigate" && destination === "document";
}

/** As Cloudflare's connector says it: nobody else can connect to the gate. */
export function sourceOf(headers: IncomingHttpHeaders): string {
  const told = headers["cf-connecting-ip"];
  return typeof told === "string" ? told.slice(0, 64) : "";
}
