/** People, their sessions, and what is exchanged for tokens of these: every statement about them but the look-up of grants. */
import { randomUUID } from "node:crypto";
import type { Database, Transaction } from "../../shared/postgres.ts";
import type { Holder } from "./applications.ts";
import { kindOf, type Person } from "./membership.ts";
import { type FoundSecret, judgeSecret, type SecretKind, sessionLifetime, type Verdict } from "./session-rules.ts";

export interface FirstSecret {
  kind: "code" | "device" | "app-code";
  /** Uid of the app that it is for. @default none */
  app?: string;
  sha256: Buffer;
  /** @default none */
  challenge?: string;
  lifetimeSeconds: number;
  /** @default a working day */
  sessionSeconds?: number;
}

export interface Shown {
  kind: SecretKind;
  sha256: Buffer;
  /** Of a code. */
  verifier?: string;
  /** The refresh token that comes of it. @default none does */
  nextSha256?: Buffer;
}

/** `holder` is told of a refusal too, for the record: it is whose secret it was. */
export type Exchange = { verdict: Verdict; holder: Holder } | { verdict: "unknown" };

export interface SessionStore {
  /** A session of this person, who is known with this role from now on. @returns its id. */
  begin(person: Person, secret: FirstSecret): Promise<string>;
  exchange(shown: Shown): Promise<Exchange>;
  /** Whose secret this is, whether or not it is in force still. */
  holderOf(sha256: Buffer): Promise<Holder | undefined>;
  /** Again changes nothing. */
  revoke(org: string, session: string): Promise<void>;
  /** Those who signed in last come first. */
  people(org: string): Promise<KnownPerson[]>;
  /** Ends all that stands for somebody. @returns how many were in force. */
  signOut(org: string, subject: string): Promise<{ sessions: number; apiKeys: number } | "not-found">;
}

export interface KnownPerson {
  subject: string;
  role: string;
  signedInAt: Date;
  /** In force. */
  sessions: number;
}

const maxListed = 1000;

export interface SecretRow extends FoundSecret {
  session: string;
  app: string;
  subject: string;
  role: Person["role"];
  /** Null where the person is the organisation's own. */
  grant: string | null;
}

export const secretSetting = (sha256: Buffer) => ({ "biplane.secret": sha256.toString("hex") });

export function sessionStore(database: Database): SessionStore {
  const orgOf = async (sha256: Buffer) => {
    const [found] = await database.withSettings(secretSetting(sha256), (transaction) =>
      transaction.query<{ org: string }>("select org from biplane.session_secrets where secret_sha256 = $1", [sha256]),
    );
    return found?.org;
  };
  return {
    begin: (person, secret) => database.withOrg(person.org, (transaction) => beginSession(transaction, person, secret)),
    async exchange(shown) {
      const org = await orgOf(shown.sha256);
      if (org === undefined) return { verdict: "unknown" };
      return database.withOrg(org, (transaction) => exchangeSecret(transaction, org, shown));
    },
    async holderOf(sha256) {
      const org = await orgOf(sha256);
      if (org === undefined) return undefined;
      const row = await database.withOrg(org, (transaction) => readSecret(transaction, org, sha256));
      return row && holder(org, row);
    },
    revoke: (org, session) => database.withOrg(org, (transaction) => revokeSession(transaction, org, session)),
    people: (org) =>
      database.withOrg(org, (transaction) =>
        transaction.query<KnownPerson>(
          `select p.subject, p.role, p.signed_in_at as "signedInAt",
             (select count(*)::int from biplane.sessions s where s.org = p.org and s.subject = p.subject
               and s.revoked_at is null and s.expires_at > now()) as sessions
           from biplane.people p where p.org = $1 order by p.signed_in_at desc, p.subject limit ${maxListed}`,
          [org],
        ),
      ),
    signOut: (org, subject) => database.withOrg(org, (transaction) => revokeSignIns(transaction, org, subject)),
  };
}

/** In a transaction that sees the person's organisation. */
export async function beginSession(transaction: Transaction, person: Person, secret: FirstSecret): Promise<string> {
  const { org, subject, role, grant } = person;
  const session = randomUUID();
  await transaction.query("delete from biplane.sessions where org = $1 and expires_at < now() - interval '1 day'", [
    org,
  ]);
  await transaction.query(
    `insert into biplane.people (org, subject, role) values ($1, $2, $3)
     on conflict (org, subject) do update set role = excluded.role, signed_in_at = now()`,
    [org, subject, role],
  );
  await transaction.query(
    // Of staff it ends with what lets them in.
    `insert into biplane.sessions (org, session_id, subject, way, grant_id, expires_at)
     values ($1, $2, $3, $4, $6, least(now() + make_interval(secs => $5),
       (select expires_at from biplane.staff_grants where org = $1 and grant_id = $6)))`,
    [
      org,
      session,
      subject,
      secret.kind === "device" ? "device" : "browser",
      secret.sessionSeconds ?? sessionLifetime,
      grant ?? null,
    ],
  );
  await transaction.query(
    `insert into biplane.session_secrets (org, secret_sha256, session_id, kind, challenge, app, expires_at)
     values ($1, $2, $3, $4, $5, $7, now() + make_interval(secs => $6))`,
    [org, secret.sha256, session, secret.kind, secret.challenge ?? "", secret.lifetimeSeconds, secret.app ?? ""],
  );
  return session;
}

async function exchangeSecret(transaction: Transaction, org: string, shown: Shown): Promise<Exchange> {
  const row = await readSecret(transaction, org, shown.sha256);
  if (!row) return { verdict: "unknown" };
  const verdict = judgeSecret(row, shown.kind, shown.verifier);
  if (verdict === "replayed" || verdict === "mismatched") await revokeSession(transaction, org, row.session);
  if (verdict === "good") {
    await transaction.query(
      "update biplane.session_secrets set used_at = coalesce(used_at, now()) where org = $1 and secret_sha256 = $2",
      [org, shown.sha256],
    );
  }
  if (verdict === "good" && shown.nextSha256) {
    await transaction.query(
      `insert into biplane.session_secrets (org, secret_sha256, session_id, kind, expires_at)
       select org, $3, session_id, 'refresh', expires_at from biplane.sessions where org = $1 and session_id = $2`,
      [org, row.session, shown.nextSha256],
    );
  }
  return { verdict, holder: holder(org, row) };
}

/** Locked: of two that show the same secret, the second sees that it was exchanged. */
export async function readSecret(
  transaction: Transaction,
  org: string,
  sha256: Buffer,
): Promise<SecretRow | undefined> {
  const [row] = await transaction.query<SecretRow>(
    `select x.kind, x.challenge, x.app, x.expires_at <= now() as expired,
       extract(epoch from clock_timestamp() - x.used_at)::float8 as "usedSecondsAgo",
       (s.revoked_at is not null or s.expires_at <= now()) as "sessionOver",
       s.session_id as session, s.subject, p.role, s.grant_id as "grant"
     from biplane.session_secrets x
     join biplane.sessions s on s.org = x.org and s.session_id = x.session_id
     join biplane.people p on p.org = s.org and p.subject = s.subject
     where x.org = $1 and x.secret_sha256 = $2 for update of x, s`,
    [org, sha256],
  );
  return row;
}

export async function revokeSession(transaction: Transaction, org: string, session: string): Promise<void> {
  await transaction.query(
    "update biplane.sessions set revoked_at = coalesce(revoked_at, now()) where org = $1 and session_id = $2",
    [org, session],
  );
}

/** The row is locked first: a sign-in at the same moment comes wholly before or wholly after. */
async function revokeSignIns(transaction: Transaction, org: string, subject: string) {
  const known = await transaction.query(
    "update biplane.people set role = 'none' where org = $1 and subject = $2 returning 1",
    [org, subject],
  );
  if (known.length === 0) return "not-found";
  const sessions = await transaction.query(
    `update biplane.sessions set revoked_at = now()
     where org = $1 and subject = $2 and revoked_at is null and expires_at > now() returning 1`,
    [org, subject],
  );
  const apiKeys = await transaction.query(
    `update biplane.api_keys set revoked_at = now()
     where org = $1 and owner_kind = 'user' and owner = $2 and revoked_at is null and expires_at > now() returning 1`,
    [org, subject],
  );
  return { sessions: sessions.length, apiKeys: apiKeys.length };
}

export function holder(org: string, { subject, role, session, grant }: SecretRow): Holder {
  return {
    org,
    subject,
    kind: kindOf({ grant: grant ?? undefined }),
    role: role === "staff" ? "none" : role,
    apiKey: null,
    session,
  };
}
