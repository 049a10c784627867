/** The two statements by which the catalogue is read. Names and types are as Postgres writes them. */

/** Rows are `TableFact`s. Partitions are tables too, with keys of their own. */
export const tablesQuery = `
select n.nspname || '.' || c.relname as name,
  case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
    when 'm' then 'materialized view' else 'foreign table' end as kind,
  pg_get_userbyid(c.relowner) as owner,
  c.relrowsecurity as "rowSecurity",
  c.relforcerowsecurity as forced,
  (select coalesce(json_agg(json_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull) order by a.attnum), '[]')
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(json_agg(json_build_object(
      'name', x.relname, 'primary', i.indisprimary, 'unique', i.indisunique, 'valid', i.indisvalid and i.indislive,
      'partial', i.indpred is not null,
      'columns', (select coalesce(json_agg(k.attname order by u.at), '[]')
        from unnest(i.indkey) with ordinality as u (number, at)
        join pg_attribute k on k.attrelid = c.oid and k.attnum = u.number
        where u.at <= i.indnkeyatts)) order by x.relname), '[]')
    from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid) as indexes,
  (select coalesce(json_agg(json_build_object(
      'name', k.conname, 'condition', pg_get_expr(k.conbin, k.conrelid), 'validated', k.convalidated,
      'columns', (select coalesce(json_agg(a.attname order by a.attnum), '[]')
        from pg_attribute a where a.attrelid = c.oid and a.attnum = any (k.conkey))) order by k.conname), '[]')
    from pg_constraint k where k.conrelid = c.oid and k.contype = 'c') as checks,
  (select coalesce(json_agg(json_build_object(
      'name', p.polname, 'permissive', p.polpermissive,
      'roles', (select coalesce(json_agg(r.rolname order by r.rolname), '[]')
        from pg_roles r where r.oid = any (p.polroles)),
      'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
        when 'd' then 'delete' else 'all' end,
      'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
      order by p.polname), '[]')
    from pg_policy p where p.polrelid = c.oid) as policies
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
order by 1`;

/** Rows are `DatabaseRoleFact`s. The server's own roles begin with pg_. */
export const rolesQuery = `
select r.rolname as name, r.rolcanlogin as login, r.rolsuper as superuser, r.rolbypassrls as "bypassesRowSecurity",
  r.rolcreaterole as "createsRoles",
  (select coalesce(json_agg(g.rolname order by g.rolname), '[]')
    from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid) as "memberOf"
from pg_roles r where r.rolname !~ '^pg_' order by 1`;
