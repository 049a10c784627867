/**
 * The workloads' sessions that the object store's STS has made, as they went through the front: by them it can tell who
 * signed a request that the object store does not judge. In a file of mode 0600, since pods outlive a front.
 */
import { existsSync, readFileSync } from "node:fs";
import { writePrivate } from "../secret-file.ts";

export interface Session {
  secretAccessKey: string;
  sessionToken: string;
  /** Name of the role that was taken. */
  role: string;
  /** `aws:userid`: the role's own id and the session's name. A session that an older front kept has none. */
  userId?: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** Of one account's roles alone: by its policies is judged, and another account's role may have the same name. */
export class Sessions {
  private readonly file: string;
  private readonly account: string;
  private readonly held: Map<string, Session>;

  constructor(file: string, account: string) {
    this.file = file;
    this.account = account;
    this.held = new Map(existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as [string, Session][]) : []);
  }

  /** @param answer the STS's to AssumeRoleWithWebIdentity; a refusal is none, nor is what it tells of another account */
  remember(answer: string, now = Date.now()): void {
    const field = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer)?.[1];
    const [id, secretAccessKey, sessionToken] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(field);
    const [, account, role] = /^arn:aws:sts::(\d+):assumed-role\/([^/]+)\//.exec(field("Arn") ?? "") ?? [];
    const expiresAt = Date.parse(field("Expiration") ?? "");
    const userId = field("AssumedRoleId");
    if (!id || !secretAccessKey || !sessionToken || !role || Number.isNaN(expiresAt)) return;
    if (account !== this.account) return;
    for (const [key, session] of this.held) if (session.expiresAt <= now) this.held.delete(key);
    this.held.set(id, { secretAccessKey, sessionToken, role, ...(userId ? { userId } : {}), expiresAt });
    writePrivate(this.file, JSON.stringify([...this.held]));
  }

  find(accessKeyId: string, now = Date.now()): Session | undefined {
    const session = this.held.get(accessKeyId);
    return session && session.expiresAt > now ? session : undefined;
  }
}
