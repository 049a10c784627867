/** What somebody may do at this moment: their application's or their groups' own role, and the policies assigned to them. */
import { z } from "zod";
import type { Identified } from "../../shared/auth/caller.ts";
import {
  builtinRoles,
  everywhere,
  type Grant,
  isBuiltin,
  isStaffRole,
  type Permission,
  type Place,
  permissions,
  staffRoles,
  taskPermissions,
} from "../../shared/auth/permissions.ts";
import type { Database } from "../../shared/postgres.ts";

export interface GrantStore {
  /** @returns undefined where the application is there no more, or the key or session that the caller came by is over. */
  of(caller: Pick<Identified, "org" | "kind" | "subject" | "apiKey" | "session">): Promise<Grant[] | undefined>;
}

const placeSchema = z.object({ project: z.string(), domain: z.string() });
/** An older or newer build may have stored a permission that this one does not know: it allows nothing here. */
const known = z.array(z.string()).transform((names) => permissions.filter((name) => names.includes(name)));
const rowSchema = z.object({
  role: z.string(),
  places: z.array(placeSchema),
  assigned: z.array(z.string()),
  bindings: z.array(placeSchema.extend({ role: z.string(), permissions: known.nullable() })),
});

export function grantStore(database: Database): GrantStore {
  return {
    async of({ org, kind, subject, apiKey, session }) {
      if (kind === "staff") return ofStaff(database, org, subject, session);
      const rows = await database.withOrg(org, (transaction) =>
        transaction.query(
          `select coalesce(a.role, p.role, 'none') as role, coalesce(a.places, '[]') as places,
             array(select s.policy from biplane.assignments s
               where s.org = c.org and s.kind = c.kind and s.subject = c.subject) as assigned,
             coalesce((select jsonb_agg(jsonb_build_object(
                 'role', b.role, 'project', b.project, 'domain', b.domain, 'permissions', r.permissions))
               from biplane.assignments s
               join biplane.bindings b on b.org = s.org and b.policy = s.policy
               left join biplane.roles r on r.org = b.org and r.name = b.role
               where s.org = c.org and s.kind = c.kind and s.subject = c.subject), '[]') as bindings
           from (select $1::text as org, $2::text as kind, $3::text as subject) c
           left join biplane.applications a
             on c.kind = 'application' and a.org = c.org and a.client_id = c.subject
           left join biplane.people p on c.kind = 'user' and p.org = c.org and p.subject = c.subject
           where (c.kind = 'user' or a.org is not null)
             and ($4::text is null or exists (select 1 from biplane.api_keys k
               where k.org = c.org and k.key_id = $4 and k.owner_kind = c.kind and k.owner = c.subject
                 and k.revoked_at is null and k.expires_at > now()))
             and ($5::text is null or exists (select 1 from biplane.sessions s
               where s.org = c.org and s.session_id = $5 and s.subject = c.subject and c.kind = 'user' and s.grant_id is null
                 and s.revoked_at is null and s.expires_at > now()))`,
          [org, kind, subject, apiKey ?? null, session ?? null],
        ),
      );
      return rows[0] && grantsOf(rowSchema.parse(rows[0]));
    },
  };
}

/** What the organisation let them in for, and nothing of what policies give to somebody of that name. */
async function ofStaff(database: Database, org: string, subject: string, session: string | undefined) {
  const [found] = await database.withOrg(org, (transaction) =>
    transaction.query<{ role: string }>(
      `select g.role from biplane.sessions s
       join biplane.staff_grants g on g.org = s.org and g.grant_id = s.grant_id and g.subject = s.subject
       where s.org = $1 and s.session_id = $2 and s.subject = $3 and s.revoked_at is null and s.expires_at > now()
         and g.revoked_at is null and g.expires_at > now()`,
      [org, session ?? "", subject],
    ),
  );
  return found && [{ permissions: isStaffRole(found.role) ? staffRoles[found.role] : [], ...everywhere }];
}

/** They add up: no policy takes away what another gives. */
export function grantsOf({ role, places, assigned, bindings }: z.output<typeof rowSchema>): Grant[] {
  const own = permissionsOf(role);
  return [
    ...(own.length > 0 ? placed(places).map((place) => ({ permissions: own, ...place })) : []),
    ...assigned.filter(isBuiltin).map((name) => ({ permissions: builtinRoles[name], ...everywhere })),
    ...bindings.map(({ role: bound, project, domain, permissions: custom }) => ({
      permissions: isBuiltin(bound) ? builtinRoles[bound] : (custom ?? []),
      project,
      domain,
    })),
  ];
}

const placed = (places: Place[]) => (places.length > 0 ? places : [everywhere]);

function permissionsOf(role: string): readonly Permission[] {
  if (role === "task") return taskPermissions;
  return isBuiltin(role) ? builtinRoles[role] : [];
}
