/**
 * How the services of one plane know each other: each shows a certificate of its own, by one authority that signs nothing
 * else, and takes only callers that its stack names. A way in beside the network's policies, which not every cluster enforces.
 */
import { readFileSync } from "node:fs";
import type { SecureClientSessionOptions } from "node:http2";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { z } from "zod";
import { messageOf, refusal } from "../../shared/errors.ts";
import { label } from "./config.ts";
import { denied } from "./errors.ts";
import { answerError, type HttpHandler, type HttpRequest, pathOf } from "./http.ts";
import type { Logger } from "./log.ts";

/** PEM: what a service shows, and the authority by which it knows others. */
export interface ServiceTls {
  cert: string;
  key: string;
  ca: string;
}

/** For who is known otherwise: it shows nothing, and only knows whom it calls. */
export type Trust = Pick<ServiceTls, "ca"> & Partial<ServiceTls>;

/** A folder of tls.crt, tls.key and ca.crt, read at once: a pod is replaced when they change. */
const tlsFolder = z.string().transform((folder, context): ServiceTls => {
  try {
    const read = (file: string) => readFileSync(join(folder, file), "utf8");
    return { cert: read("tls.crt"), key: read("tls.key"), ca: read("ca.crt") };
  } catch (error) {
    context.addIssue({ code: "custom", message: `cannot be read: ${messageOf(error)}` });
    return z.NEVER;
  }
});

export const serviceTlsShape = {
  /** @default it neither shows a certificate nor asks for one */
  SERVICE_TLS_FOLDER: tlsFolder.optional(),
  /** Names of the services that may call this one, with commas between. @default none may */
  SERVICE_CALLERS: z
    .string()
    .transform((list) => list.split(","))
    .refine((names) => names.every((name) => label.safeParse(name).success), "must be DNS labels, with commas between")
    .default([]),
};

/** @throws UserError where callers are named and nothing is there to know them by */
export function mutualOf(config: z.output<z.ZodObject<typeof serviceTlsShape>>) {
  const { SERVICE_TLS_FOLDER: tls, SERVICE_CALLERS: callers } = config;
  if (tls) return { tls, callers };
  if (callers.length === 0) return undefined;
  throw refusal({
    subject: "SERVICE_CALLERS",
    value: callers.join(","),
    allowed: "only with SERVICE_TLS_FOLDER, by which callers are known",
    todo: "set both, or neither",
  });
}

/** Both ends are ours, so nothing older is spoken. */
const minVersion = "TLSv1.3";

/** For a server whose callers are known otherwise. */
export function serverTls({ cert, key }: ServiceTls) {
  return { cert, key, minVersion } as const;
}

/** For a server: nobody without a certificate of the same authority. */
export function mutualTls({ cert, key, ca }: ServiceTls) {
  return { cert, key, ca, minVersion, requestCert: true, rejectUnauthorized: true } as const;
}

/** For a client. @param servername the name that the other end must show. @default the host that is called */
export function clientTls(tls: Trust | undefined, servername?: string): SecureClientSessionOptions {
  return tls ? { ...tls, minVersion, ...(servername ? { servername } : {}) } : {};
}

/**
 * Asked at each request, not once a connection: a client's first request may come with the end of its handshake, and is
 * read before anybody could end the connection.
 */
export function servingOnly(callers: readonly string[], handler: HttpHandler, log: Logger): HttpHandler {
  return (request, response) => {
    const caller = callerOf(request);
    if (callers.includes(caller)) return handler(request, response);
    log.warn("a service was refused that may not call this one", { caller, path: pathOf(request) });
    answerError(request, response, denied(`the service "${caller}" may not call this one`));
  };
}

const known = new WeakMap<object, string>();

/** The service at the other end, by the certificate that was verified. @returns "" where it names none */
function callerOf(request: HttpRequest): string {
  const session = "stream" in request ? request.stream.session : undefined;
  if (!session) return "";
  const before = known.get(session);
  if (before !== undefined) return before;
  // Node shows a proxy of the socket, of which "in" and "instanceof" tell nothing. Of several names it makes a list.
  const named: unknown = (session.socket as Partial<TLSSocket>).getPeerCertificate?.().subject?.CN;
  const name = typeof named === "string" ? named : "";
  known.set(session, name);
  return name;
}
