/**
 * What was called, account by account, as long as the emulated account stands: in memory, and in a file that outlives the
 * front, a line for each event. Of each account the newest are kept.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writePrivate } from "../secret-file.ts";
import { eventOf, type Recorded, type TrailEvent } from "./event.ts";

/** Of an account. An `up` makes some hundred. */
const limit = 2000;

export class Trail {
  private readonly file: string;
  private readonly kept: number;
  /** Account → its events, the oldest first. */
  private readonly accounts = new Map<string, TrailEvent[]>();
  private lines = 0;

  constructor(file: string, kept = limit) {
    this.file = file;
    this.kept = kept;
    const { events, whole } = existsSync(file) ? read(file) : { events: [], whole: true };
    for (const event of events) this.hold(event);
    this.lines = events.length;
    if (!whole) this.rewrite();
  }

  /** Before the caller is answered: what a caller knows to be done is told. */
  record(call: Recorded, at = new Date()): void {
    const event = eventOf(call, randomUUID(), at);
    if (!event) return;
    this.hold(event);
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o711 });
    appendFileSync(this.file, `${JSON.stringify(event)}\n`, { mode: 0o600 });
    this.lines += 1;
    if (this.lines > this.all().length + this.kept) this.rewrite();
  }

  /** The newest first. */
  events(account: string, region: string): TrailEvent[] {
    return (this.accounts.get(account) ?? []).filter(({ awsRegion }) => awsRegion === region).reverse();
  }

  private hold(event: TrailEvent): void {
    const held = this.accounts.get(event.recipientAccountId) ?? [];
    held.push(event);
    if (held.length > this.kept) held.shift();
    this.accounts.set(event.recipientAccountId, held);
  }

  private all(): TrailEvent[] {
    return [...this.accounts.values()].flat();
  }

  private rewrite(): void {
    const all = this.all();
    writePrivate(this.file, all.map((event) => `${JSON.stringify(event)}\n`).join(""));
    this.lines = all.length;
  }
}

/** A front that was killed amid its last line has answered nobody about it. */
function read(file: string): { events: TrailEvent[]; whole: boolean } {
  const lines = readFileSync(file, "utf8").split("\n");
  const torn = lines.pop();
  return { events: lines.map((line) => JSON.parse(line) as TrailEvent), whole: torn === "" };
}
