/** IAM's service account credentials: who may act as a service account by its policy, and its signature by IAM's own key. */
import { createPublicKey, createSign, generateKeyPair, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { writePrivate } from "../secret-file.ts";
import { json, problem, type Reply } from "./answers.ts";
import { type Entries, isAllowed } from "./rights.ts";
import type { Tokens } from "./tokens.ts";

export interface AccountCall {
  /** E-mail. */
  account: string;
  method: string;
  body: Buffer;
  /** Who calls. */
  principal: string;
}

const longestLifeSeconds = 3_600;

/** @returns undefined for an account that is not there */
export function accountPath(entries: Entries, email: string): string | undefined {
  const project = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(email)?.[1];
  const path = `projects/${project}/serviceAccounts/${email}`;
  return entries[path] ? path : undefined;
}

export async function actAsAccount(
  call: AccountCall,
  entries: Entries,
  tokens: Tokens,
  keys: SigningKeys,
): Promise<Reply> {
  const { account, method, body, principal } = call;
  const permission = { generateAccessToken: "getAccessToken", signBlob: "signBlob" }[method];
  const path = accountPath(entries, account);
  if (!permission) return problem(501, `${method} is not served here`);
  const asked = {
    principal,
    permissions: [`iam.serviceAccounts.${permission}`],
    policies: path ? [path] : [],
    name: path ?? "",
  };
  // As IAM: who may not, does not learn whether the account is there.
  if (!path || !isAllowed(entries, asked)) {
    return problem(403, `Permission 'iam.serviceAccounts.${permission}' denied on resource (or it may not exist).`);
  }
  const fields = fieldsOf(body);
  if (!fields) return problem(400, "the body is no JSON object");
  if (method === "signBlob") {
    const payload = Buffer.from(String(fields.payload ?? ""), "base64");
    const key = await keys.privateOf(account);
    return json({ keyId: "1", signedBlob: createSign("RSA-SHA256").update(payload).sign(key, "base64") });
  }
  const life = Number(/^(\d+)s$/.exec(String(fields.lifetime ?? "3600s"))?.[1] ?? 0);
  if (life < 1 || life > longestLifeSeconds) return problem(400, "the lifetime is out of range");
  const { token, expiresAt } = tokens.issue(`serviceAccount:${account}`, life);
  return json({ accessToken: token, expireTime: new Date(expiresAt).toISOString() });
}

function fieldsOf(body: Buffer): Record<string, unknown> | undefined {
  try {
    const fields: unknown = JSON.parse(body.toString());
    return typeof fields === "object" && fields !== null ? (fields as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** IAM's own keys, one an account, in files of mode 0600: URLs outlive a front. */
export class SigningKeys {
  private readonly folder: string;
  private readonly made = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** PEM; made when first asked for. */
  privateOf(account: string): Promise<string> {
    const held = this.made.get(account) ?? this.read(account);
    this.made.set(account, held);
    return held;
  }

  /** Undefined for an account that has signed nothing. */
  publicOf(account: string): KeyObject | undefined {
    const file = this.fileOf(account);
    return file && existsSync(file) ? createPublicKey(readFileSync(file)) : undefined;
  }

  private async read(account: string): Promise<string> {
    const file = this.fileOf(account);
    if (!file) throw new Error("the name of a service account has other letters");
    if (!existsSync(file)) {
      const { privateKey } = await promisify(generateKeyPair)("rsa", {
        modulusLength: 2048,
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
      });
      writePrivate(file, privateKey);
    }
    return readFileSync(file, "utf8");
  }

  private fileOf(account: string): string | undefined {
    return /^[a-z0-9-]+@[a-z0-9.-]+$/.test(account) ? join(this.folder, `${account}.pem`) : undefined;
  }
}
