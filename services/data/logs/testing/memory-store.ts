/** A log store in memory: streams to which a test ships whole lines, and a count of the pages that were asked for. */
import { type LogStore, parseStream, type StoredEvent, type StoredPage, streamPrefix } from "../log-store.ts";

export interface MemoryStore extends LogStore {
  readonly asked: { pages: number; streams: number };
  /** @param lines as a container's runtime writes them. @param taken milliseconds since 1970. @default long ago */
  ship(stream: string, lines: readonly string[], taken?: number): void;
}

/** @param pageEvents of one page */
export function memoryStore(pageEvents = 3): MemoryStore {
  const held = new Map<string, StoredEvent[]>();
  const asked = { pages: 0, streams: 0 };
  return {
    asked,
    ship(stream, lines, taken = 0) {
      const events = lines.map((text) => ({ at: Date.parse(text.split(" ")[0] ?? ""), taken, text }));
      // Stable: the store orders by milliseconds and knows nothing finer.
      held.set(
        stream,
        [...(held.get(stream) ?? []), ...events].sort((a, b) => a.at - b.at),
      );
    },
    async streams(place) {
      asked.streams++;
      return [...held.keys()]
        .filter((name) => name.startsWith(streamPrefix(place)))
        .flatMap((name, index) => parseStream(name, index) ?? []);
    },
    async *pages(stream, from = 0, signal): AsyncGenerator<StoredPage> {
      for (let at = 0; !signal.aborted; ) {
        asked.pages++;
        const events = (held.get(stream) ?? []).filter((event) => event.at >= from).slice(at, at + pageEvents);
        at += events.length;
        yield { events, caughtUp: events.length === 0 };
      }
    },
  };
}
