/** A stream of the region's that is meant to stay open: silence ends it, and a lost one is opened again. */
import { messageOf } from "../../shared/errors.ts";
import type { Logger } from "./log.ts";
import { pause } from "./pause.ts";

export interface KeptStream<Message> {
  /** As the log calls it, such as "the lease stream". */
  name: string;
  open(signal: AbortSignal): AsyncIterable<Message>;
  onMessage(message: Message): void;
  log: Logger;
  /** @default 25 s: the region says something every 10 s */
  silentMs?: number;
}

/** Runs until aborted; a lost stream is opened again within 5 s, at a random moment. */
export async function keepStream<Message>(stream: KeptStream<Message>, signal: AbortSignal): Promise<void> {
  const { name, log, silentMs = 25_000 } = stream;
  for (let failures = 0; !signal.aborted; ) {
    const began = Date.now();
    try {
      await readOnce(stream, silentMs, signal);
      log.info(`the region ended ${name}`);
    } catch (error) {
      if (!signal.aborted) log.warn(`${name} was lost`, { reason: messageOf(error) });
    }
    failures = Date.now() - began > silentMs ? 0 : failures + 1;
    await pause(Math.random() * Math.min(5_000, 250 * 2 ** failures), signal);
  }
}

async function readOnce<Message>({ open, onMessage }: KeptStream<Message>, silentMs: number, signal: AbortSignal) {
  const silence = new AbortController();
  const watchdog = setTimeout(() => silence.abort(new Error(`no word for ${silentMs} ms`)), silentMs);
  try {
    for await (const message of open(AbortSignal.any([signal, silence.signal]))) {
      watchdog.refresh();
      onMessage(message);
    }
  } finally {
    clearTimeout(watchdog);
  }
}
