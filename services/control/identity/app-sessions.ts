/** AppSessionService: what a browser brought back from a sign-in becomes what it shows at one app. */
import { randomBytes } from "node:crypto";
import type { ServiceImpl } from "@connectrpc/connect";
import type { AppSessionService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { sha256 } from "../../shared/bootstrap.ts";
import { unauthenticated } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { Database, Transaction } from "../../shared/postgres.ts";
import type { Holder } from "./applications.ts";
import { judgeSecret, type SecretKind, type Verdict } from "./session-rules.ts";
import { holder, readSecret, revokeSession } from "./sessions.ts";
import type { SignInRecord } from "./sign-in-record.ts";
import { type Signer, tokenLifetime } from "./signing.ts";

export interface AppSessionDeps {
  database: Database;
  signer: Pick<Signer, "sign">;
  record: SignInRecord;
  log: Logger;
}

const over = "it is unknown, over, or another app's";

export function appSessionService(deps: AppSessionDeps): ServiceImpl<typeof AppSessionService> {
  const { database, signer, record, log } = deps;
  return {
    async beginAppSession({ org, app, code, verifier }) {
      const session = randomBytes(32).toString("base64url");
      const begun = await database.withOrg(org, (transaction) =>
        begin(transaction, { org, app, code: sha256(code), verifier, session: sha256(session) }),
      );
      if (begun?.verdict === "good") return { session, lifetimeSeconds: begun.lifetimeSeconds };
      if (begun && begun.verdict !== "over") {
        const reason = begun.verdict === "replayed" ? "it was exchanged before" : "it was given for something else";
        log.warn("a session was ended, since what gives it may be in other hands", { org, kind: "app-code", reason });
        await record(begun.holder, "sign-in/Replay", { resource: "app-code", decision: "denied", reason });
      }
      throw unauthenticated(over);
    },
    async exchangeAppSession({ org, app, session }) {
      const found = await database.withOrg(org, (transaction) => find(transaction, org, app, sha256(session)));
      if (!found) throw unauthenticated(over);
      return { accessToken: await signer.sign(found), expiresInSeconds: tokenLifetime };
    },
    async endAppSession({ org, app, session }) {
      const found = await database.withOrg(org, (transaction) => find(transaction, org, app, sha256(session)));
      const id = found?.session;
      if (!found || id === undefined) return {};
      await record(found, "sign-in/End", { resource: id });
      await database.withOrg(org, (transaction) => revokeSession(transaction, org, id));
      return {};
    },
  };
}

interface Begun {
  org: string;
  app: string;
  code: Buffer;
  verifier: string;
  session: Buffer;
}

/** @returns undefined for an unknown code. */
async function begin(
  transaction: Transaction,
  { org, app, code, verifier, session }: Begun,
): Promise<{ verdict: Verdict; holder: Holder; lifetimeSeconds: number } | undefined> {
  const row = await readSecret(transaction, org, code);
  if (!row) return undefined;
  const judged = judgeSecret(row, "app-code", verifier);
  const verdict = judged === "good" && row.app !== app ? "mismatched" : judged;
  const whose = { verdict, holder: holder(org, row) };
  if (verdict === "replayed" || verdict === "mismatched") await revokeSession(transaction, org, row.session);
  if (verdict !== "good") return { ...whose, lifetimeSeconds: 0 };
  await transaction.query("update biplane.session_secrets set used_at = now() where org = $1 and secret_sha256 = $2", [
    org,
    code,
  ]);
  const [made] = await transaction.query<{ seconds: number }>(
    `insert into biplane.session_secrets (org, secret_sha256, session_id, kind, app, expires_at)
     select org, $3, session_id, $4, $5, expires_at from biplane.sessions where org = $1 and session_id = $2
     returning floor(extract(epoch from expires_at - now()))::int as seconds`,
    [org, row.session, session, "app" satisfies SecretKind, app],
  );
  return { ...whose, lifetimeSeconds: made?.seconds ?? 0 };
}

async function find(transaction: Transaction, org: string, app: string, secret: Buffer): Promise<Holder | undefined> {
  const row = await readSecret(transaction, org, secret);
  return row && row.app === app && judgeSecret(row, "app") === "good" ? holder(org, row) : undefined;
}
