/**
 * Access tokens and whose they are. In a file of mode 0600, since pods outlive a front; its operator's token lies where the
 * tools of people read it.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writePrivate } from "../secret-file.ts";

interface Held {
  principal: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export class Tokens {
  private readonly file: string;
  /** By their digest: what is kept opens nothing. */
  private readonly held: Map<string, Held>;

  constructor(file: string) {
    this.file = file;
    this.held = new Map(existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as [string, Held][]) : []);
  }

  issue(principal: string, seconds: number, now = Date.now()): { token: string; expiresAt: number } {
    const token = `ya29.${randomBytes(32).toString("base64url")}`;
    const expiresAt = now + seconds * 1_000;
    for (const [key, held] of this.held) if (held.expiresAt <= now) this.held.delete(key);
    this.held.set(digest(token), { principal, expiresAt });
    writePrivate(this.file, JSON.stringify([...this.held]));
    return { token, expiresAt };
  }

  principalOf(token: string, now = Date.now()): string | undefined {
    const held = this.held.get(digest(token));
    return held && held.expiresAt > now ? held.principal : undefined;
  }
}

function digest(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
