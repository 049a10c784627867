/** Which of the region's staff an organisation lets in, as what, and until when: every statement about it. */
import { randomUUID } from "node:crypto";
import type { StaffRole } from "../../shared/auth/permissions.ts";
import type { Database } from "../../shared/postgres.ts";

export interface StaffGrant {
  grantId: string;
  subject: string;
  role: StaffRole;
  reason: string;
  grantedBy: string;
  grantedAt: Date;
  expiresAt: Date;
  /** Null where nobody has taken it back. */
  revokedAt: Date | null;
}

export interface NewStaffGrant extends Pick<StaffGrant, "subject" | "role" | "reason" | "grantedBy"> {
  hours: number;
}

/** In force, of one person. */
export interface OpenGrant {
  org: string;
  grantId: string;
  role: StaffRole;
  expiresAt: Date;
}

export interface StaffGrantStore {
  grant(org: string, asked: NewStaffGrant): Promise<StaffGrant>;
  /** The newest first, those that are over too. */
  list(org: string): Promise<StaffGrant[]>;
  /** With the sessions that began by it. Again changes nothing. */
  revoke(org: string, grantId: string): Promise<"revoked" | "not-found">;
  /** Of somebody whose provider has just said who they are. */
  openOf(subject: string): Promise<OpenGrant[]>;
}

const maxListed = 1000;
const columns = `grant_id as "grantId", subject, role, reason, granted_by as "grantedBy", granted_at as "grantedAt",
  expires_at as "expiresAt", revoked_at as "revokedAt"`;

export function staffGrantStore(database: Database): StaffGrantStore {
  return {
    async grant(org, { subject, role, reason, grantedBy, hours }) {
      const [made] = await database.withOrg(org, (transaction) =>
        transaction.query<StaffGrant>(
          `insert into biplane.staff_grants (org, grant_id, subject, role, reason, granted_by, expires_at)
           values ($1, $2, $3, $4, $5, $6, now() + make_interval(hours => $7)) returning ${columns}`,
          [org, randomUUID(), subject, role, reason, grantedBy, hours],
        ),
      );
      if (!made) throw new Error("an inserted row was not returned");
      return made;
    },
    list: (org) =>
      database.withOrg(org, (transaction) =>
        transaction.query<StaffGrant>(
          `select ${columns} from biplane.staff_grants where org = $1
           order by granted_at desc, grant_id limit ${maxListed}`,
          [org],
        ),
      ),
    revoke: (org, grantId) =>
      database.withOrg(org, async (transaction) => {
        const found = await transaction.query(
          `update biplane.staff_grants set revoked_at = coalesce(revoked_at, now())
           where org = $1 and grant_id = $2 returning 1`,
          [org, grantId],
        );
        if (found.length === 0) return "not-found";
        await transaction.query(
          `update biplane.sessions set revoked_at = now() where org = $1 and grant_id = $2 and revoked_at is null`,
          [org, grantId],
        );
        return "revoked";
      }),
    openOf: (subject) =>
      database.withSettings({ "biplane.staff": subject }, (transaction) =>
        transaction.query<OpenGrant>(
          `select org, grant_id as "grantId", role, expires_at as "expiresAt" from biplane.staff_grants
           where subject = $1 and revoked_at is null and expires_at > now() order by org, expires_at desc`,
          [subject],
        ),
      ),
  };
}
