/** The table of API keys: every statement about it but the sign-in (applications.ts) and the look-up of grants. */
import type { Database } from "../../shared/postgres.ts";

interface Owner {
  subject: string;
  kind: string;
}

export interface ApiKeyRow {
  keyId: string;
  name: string;
  owner: string;
  ownerKind: string;
  createdAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
}

interface NewApiKey {
  keyId: string;
  name: string;
  secretSha256: Buffer;
  days: number;
}

export interface ApiKeyStore {
  create(org: string, owner: Owner, key: NewApiKey): Promise<ApiKeyRow | "too-many">;
  /** The newest first. @param owner @default everybody's */
  list(org: string, owner?: Owner): Promise<ApiKeyRow[]>;
  /** Again changes nothing. @param owner @default whosever it is */
  revoke(org: string, keyId: string, owner?: Owner): Promise<"revoked" | "not-found">;
}

/** In force at one time, of one owner. */
export const maxKeys = 50;
const maxListed = 1000;

const columns = `key_id as "keyId", name, owner, owner_kind as "ownerKind", created_at as "createdAt",
  expires_at as "expiresAt", revoked_at as "revokedAt"`;
const ofOwner = "($2::text is null or (owner_kind = $2 and owner = $3))";

export function apiKeyStore(database: Database): ApiKeyStore {
  return {
    create: (org, { subject, kind }, { keyId, name, secretSha256, days }) =>
      database.withOrg(
        org,
        async (transaction) => {
          const [made] = await transaction.query<ApiKeyRow>(
            `insert into biplane.api_keys (org, owner_kind, owner, key_id, name, secret_sha256, expires_at)
             select $1, $2, $3, $4, $5, $6, now() + make_interval(days => $7)
             where (select count(*) from biplane.api_keys where org = $1 and owner_kind = $2 and owner = $3
               and revoked_at is null and expires_at > now()) < $8
             returning ${columns}`,
            [org, kind, subject, keyId, name, secretSha256, days, maxKeys],
          );
          return made ?? "too-many";
        },
        // Each counts the others.
        { exclusive: [`api keys of ${kind} ${subject} in ${org}`] },
      ),
    list: (org, owner) =>
      database.withOrg(org, (transaction) =>
        transaction.query<ApiKeyRow>(
          `select ${columns} from biplane.api_keys where org = $1 and ${ofOwner}
           order by created_at desc, key_id limit ${maxListed}`,
          [org, owner?.kind ?? null, owner?.subject ?? null],
        ),
      ),
    async revoke(org, keyId, owner) {
      const revoked = await database.withOrg(org, (transaction) =>
        transaction.query(
          `update biplane.api_keys set revoked_at = coalesce(revoked_at, now())
           where org = $1 and ${ofOwner} and key_id = $4 returning 1`,
          [org, owner?.kind ?? null, owner?.subject ?? null, keyId],
        ),
      );
      return revoked.length === 1 ? "revoked" : "not-found";
    },
  };
}
