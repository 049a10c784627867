/** Keeps a long-lived HTTP/2 session honest: pings find out that the other side has gone without saying so. */
import type { Http2Session } from "node:http2";
import { keepAliveMs } from "./limits.ts";

export interface PingTimes {
  /** @default 10 s */
  intervalMs?: number;
  /** @default 5 s */
  timeoutMs?: number;
}

/** Destroys the session when a ping is not answered in time. Ends with the session. */
export function keepAlive(session: Http2Session, times: PingTimes = {}): void {
  const { intervalMs = keepAliveMs, timeoutMs = 5_000 } = times;
  let overdue: NodeJS.Timeout | undefined;
  const interval = setInterval(() => {
    if (session.destroyed || overdue) return;
    overdue = setTimeout(() => session.destroy(new Error(`no answer to a ping within ${timeoutMs} ms`)), timeoutMs);
    const sent = session.ping((error) => {
      clearTimeout(overdue);
      overdue = undefined;
      if (error && !session.destroyed) session.destroy(error);
    });
    if (!sent) session.destroy(new Error("a ping could not be sent"));
  }, intervalMs);
  session.once("close", () => {
    clearInterval(interval);
    clearTimeout(overdue);
  });
}
