/** Bytes of a container's log, as the Kubernetes API sends them with timestamps, into lines. */

export interface Line {
  /** RFC 3339 with nanoseconds, as Kubernetes wrote it; the last one seen where the line has none. */
  timestamp: string;
  message: string;
}

/** A longer line is told in pieces, so that one line cannot fill the memory. */
const maxLineBytes = 256 * 1024;

export class LineReader {
  #rest: Buffer = Buffer.alloc(0);
  #timestamp = "";

  /** @returns the lines that the bytes complete. */
  read(chunk: Uint8Array): Line[] {
    let bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const lines: Line[] = [];
    for (;;) {
      const end = bytes.indexOf(0x0a);
      if (end < 0 && bytes.length <= maxLineBytes) break;
      const length = end >= 0 && end <= maxLineBytes ? end : maxLineBytes;
      lines.push(this.#line(bytes.subarray(0, length)));
      bytes = bytes.subarray(length === end ? end + 1 : length);
    }
    // Copied, or a few bytes would keep the whole chunk alive.
    this.#rest = Buffer.from(bytes);
    return lines;
  }

  /** What is left when the log ends without an end of line. */
  end(): Line[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length > 0 ? [this.#line(rest)] : [];
  }

  #line(bytes: Buffer): Line {
    const text = bytes.toString("utf8").replace(/\r$/, "");
    const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ?/.exec(text);
    if (!match?.[1]) return { timestamp: this.#timestamp, message: text };
    this.#timestamp = match[1];
    return { timestamp: match[1], message: text.slice(match[0].length) };
  }
}

/** @returns seconds and nanoseconds since 1970; zero for text that is no time. */
export function timestampParts(text: string): { seconds: bigint; nanos: number } {
  const whole = Date.parse(text.replace(/\.\d+/, ""));
  if (Number.isNaN(whole)) return { seconds: 0n, nanos: 0 };
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  return { seconds: BigInt(whole / 1_000), nanos: Number(fraction.padEnd(9, "0")) };
}
