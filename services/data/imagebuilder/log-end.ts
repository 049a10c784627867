/** What of a build's log its error repeats: the error is kept by the region, the log by the customer alone. */

/** Of as many lines. */
const mostLines = 40;
/** BuildKit's plain progress: a layer that comes or is unpacked, by digest. Many lines, of which none tells why. */
const ofLayer = /^#\d+ (?:extracting )?sha256:[0-9a-f]{64}\b/;

export class LogEnd {
  readonly #lines: string[] = [];

  add(line: string): void {
    if (ofLayer.test(line)) return;
    this.#lines.push(line);
    if (this.#lines.length > mostLines) this.#lines.shift();
  }

  toString(): string {
    return this.#lines.join("\n");
  }
}
