/** Postgres notifications on a connection of their own that is made again whenever it is lost. */
import pg from "pg";
import type { Logger } from "./log.ts";
import { pause } from "./pause.ts";

export interface ListenOptions {
  connection: pg.ClientConfig;
  channels: readonly string[];
  onNotice(channel: string, payload: string): void;
  /** After each connection, the first included: notices sent meanwhile are lost, so readers must look again. */
  onConnected(): void;
  log: Logger;
}

export interface Listener {
  connected(): boolean;
  close(): Promise<void>;
}

export function listen(options: ListenOptions): Listener {
  const stop = new AbortController();
  let connected = false;
  const loop = async () => {
    for (let failures = 0; !stop.signal.aborted; ) {
      try {
        await holdConnection(options, stop.signal, () => {
          connected = true;
          failures = 0;
          options.onConnected();
        });
      } catch (error) {
        options.log.warn("the notification connection was lost", { error });
      }
      connected = false;
      const waitMs = Math.min(5_000, 100 * 2 ** failures++) * (0.5 + Math.random() / 2);
      await pause(waitMs, stop.signal);
    }
  };
  const ended = loop();
  return {
    connected: () => connected,
    async close() {
      stop.abort();
      await ended;
    },
  };
}

/** Resolves when told to stop; rejects when the connection is lost. */
async function holdConnection(options: ListenOptions, stop: AbortSignal, onConnected: () => void): Promise<void> {
  const client = new pg.Client(options.connection);
  const lost = new Promise<never>((_, reject) => {
    client.once("error", reject);
    client.once("end", () => reject(new Error("the server closed the connection")));
  });
  const stopped = new Promise<void>((resolve) => stop.addEventListener("abort", () => resolve(), { once: true }));
  // Before the race below nobody looks at it: a connection that is lost by then fails the statements too.
  lost.catch(() => undefined);
  try {
    await client.connect();
    client.on("notification", ({ channel, payload }) => options.onNotice(channel, payload ?? ""));
    for (const channel of options.channels) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    onConnected();
    if (!stop.aborted) await Promise.race([lost, stopped]);
  } finally {
    await client.end().catch((error: unknown) => options.log.debug("closing a lost connection failed", { error }));
  }
}
