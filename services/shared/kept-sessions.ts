/** Connections to one server, kept alive by pings of ours. */
import type { Http2Session, SecureClientSessionOptions } from "node:http2";
import { Http2SessionManager } from "@connectrpc/connect-node";
import { keepAlive, type PingTimes } from "./session-life.ts";

/**
 * A session manager whose own pings are off: they are sent to sessions that were just destroyed too, which throws where
 * nobody can catch it and ends the process (connect-es issue 1795, open in 2.2.0). Ours go to every connection that a
 * request has used, busy or idle.
 */
export class KeptSessions extends Http2SessionManager {
  readonly #times: PingTimes;
  readonly #kept = new WeakSet<Http2Session>();

  constructor(url: string, times: PingTimes, options: SecureClientSessionOptions) {
    super(url, undefined, options);
    this.#times = times;
  }

  override async request(...request: Parameters<Http2SessionManager["request"]>) {
    const stream = await super.request(...request);
    const { session } = stream;
    if (session && !this.#kept.has(session)) {
      this.#kept.add(session);
      keepAlive(session, this.#times);
    }
    return stream;
  }
}
