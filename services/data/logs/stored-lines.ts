/**
 * Stored lines as the kubelet would have told them, byte for byte, so that a log that is begun live and ended in the
 * store goes on at the very line. Pure.
 */
import type { StoredEvent } from "./log-store.ts";

/** As a container's runtime writes it: time, `stdout` or `stderr`, `P` for a part that goes on or `F`, text. */
const written =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) std(?:out|err) ([FP])(?::\S*)? ?(.*)$/s;

export interface StoredLine {
  /** RFC 3339 with all nine digits, as the kubelet tells it; the runtime leaves out zeros at the end. */
  timestamp: string;
  text: string;
  /** The next one is the same line's. */
  goesOn: boolean;
}

/** What no runtime wrote is a line of its own. */
export function storedLine({ at, text }: StoredEvent): StoredLine {
  const [, second, fraction = "", zone = "Z", flag, said = ""] = written.exec(text) ?? [];
  if (!second) return { timestamp: `${new Date(at).toISOString().slice(0, -1)}000000Z`, text, goesOn: false };
  return { timestamp: `${second}.${fraction.padEnd(9, "0")}${zone}`, text: said, goesOn: flag === "P" };
}

/**
 * Puts the lines of each millisecond, which is as fine as the store knows time, into the order of their nanoseconds, and
 * leaves out those that were sent twice: a shipper that is killed sends again what it had not noted as sent. No two lines
 * of one container have the same nanosecond and the same text, since each is stamped when it is written.
 */
export class StoredOrder {
  #at = Number.NEGATIVE_INFINITY;
  #held: StoredEvent[] = [];
  /** Texts of the millisecond, so that a second sending is known even behind what was told already. */
  #seen = new Set<string>();

  /** @param events in the store's order. @returns lines of milliseconds that are over */
  take(events: readonly StoredEvent[]): StoredLine[] {
    const lines: StoredLine[] = [];
    for (const event of events) {
      if (event.at !== this.#at) {
        for (const line of this.flush()) lines.push(line);
        this.#at = event.at;
        this.#seen = new Set();
      }
      if (this.#seen.has(event.text)) continue;
      this.#seen.add(event.text);
      this.#held.push(event);
    }
    return lines;
  }

  /** @returns what is held back of the last millisecond */
  flush(): StoredLine[] {
    const lines = this.#held.map(storedLine);
    this.#held = [];
    // By code units, and stable: times of one form, so this is their order.
    return lines.sort((a, b) => (a.timestamp < b.timestamp ? -1 : Number(a.timestamp > b.timestamp)));
  }
}

/** Joins the parts of a line under the time of its first one. */
export class KubeletText {
  #begins = true;

  bytes(lines: readonly StoredLine[]): Buffer {
    const text = lines.map(({ timestamp, text, goesOn }) => {
      const piece = `${this.#begins ? `${timestamp} ` : ""}${text}${goesOn ? "" : "\n"}`;
      this.#begins = !goesOn;
      return piece;
    });
    return Buffer.from(text.join(""));
  }
}
