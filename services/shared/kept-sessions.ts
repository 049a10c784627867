/** Connections to one server, kept alive by pings of ours. */
import { type ClientHttp2Session, constants, type Http2Session, type SecureClientSessionOptions } from "node:http2";
import { Http2SessionManager } from "@connectrpc/connect-node";
import { ownAnswerHeader } from "./headers.ts";
import { sessionMemoryMegabytes } from "./limits.ts";
import { drainSettings, keepAlive, onDraining, type PingTimes } from "./session-life.ts";

/**
 * A session manager whose own pings are off: they are sent to sessions that were just destroyed too, which throws where
 * nobody can catch it and ends the process (connect-es issue 1795, open in 2.2.0). Ours go to every connection that a
 * request has used, busy or idle. A server's notice that it will end is taken as GOAWAY, which makes the manager connect
 * anew for the next request; and so is an error that no server of ours answers: while a node's tables for a Service are
 * being written a connection can go astray to whoever stands there, and would stay there for ever.
 */
export class KeptSessions extends Http2SessionManager {
  readonly #times: PingTimes;
  readonly #kept = new WeakSet<Http2Session>();

  constructor(url: string, times: PingTimes, options: SecureClientSessionOptions) {
    super(url, undefined, {
      maxSessionMemory: sessionMemoryMegabytes,
      ...options,
      remoteCustomSettings: drainSettings,
    });
    this.#times = times;
  }

  override async request(...request: Parameters<Http2SessionManager["request"]>) {
    const stream = await super.request(...request);
    const session = stream.session as ClientHttp2Session | undefined;
    if (!session) return stream;
    if (!this.#kept.has(session)) this.#keep(session);
    stream.once("response", (headers) => {
      if (Number(headers[":status"]) >= 400 && headers[ownAnswerHeader] === undefined) leave(session);
    });
    return stream;
  }

  #keep(session: ClientHttp2Session): void {
    this.#kept.add(session);
    keepAlive(session, this.#times);
    onDraining(session, () => leave(session));
    // The manager destroys an idle session at GOAWAY, with an error that comes when it may listen no more.
    session.on("error", () => undefined);
  }
}

/** What it has still ends there; the next request goes by another connection. */
function leave(session: ClientHttp2Session): void {
  session.emit("goaway", constants.NGHTTP2_NO_ERROR, 0, undefined);
}
