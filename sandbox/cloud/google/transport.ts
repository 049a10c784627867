/**
 * Requests for objects that the organisation's policies on transport refuse. The front itself takes neither old TLS nor a
 * connection in clear; without this, nothing here would tell a policy that is on from one that is off.
 */
import type { TLSSocket } from "node:tls";
import { refusedTransport } from "../../gcp-reads/constraints.ts";
import { google } from "../../hosts.ts";
import type { FrontRequest } from "../front/exchange.ts";
import { problem, type Reply, storageProblem } from "./answers.ts";
import type { Entries } from "./rights.ts";
import type { StorageCall } from "./storage-call.ts";

export function refusedByTransport(
  entries: Entries,
  { api }: Pick<StorageCall, "api">,
  request: Pick<FrontRequest, "socket">,
): Reply | undefined {
  const constraint = refusedTransport(entries, google.project, versionOf(request));
  if (constraint === undefined) return undefined;
  const message = `Request is disallowed by organization's constraints/${constraint} constraint for 'projects/${google.project}'.`;
  return api === "json" ? problem(403, message) : storageProblem(403, "AccessDenied", message);
}

/** @returns such as `TLSv1.3`; undefined in clear */
function versionOf({ socket }: Pick<FrontRequest, "socket">): string | undefined {
  // Of HTTP/2 it stands for the session's own, and is no instance of it.
  const { encrypted, getProtocol } = socket as Partial<TLSSocket>;
  return encrypted ? (getProtocol?.call(socket) ?? "none that is known") : undefined;
}
