-- breaking: an older build takes audit records out by a policy that is gone, and would tell that none waits
-- No statement of the region's sees rows of two organisations (docs/decisions/0070). Which there are is a table of names, and
-- whoever has something to do for all of them does it for one after the other, in its name.

-- In the order in which an exporter that runs meanwhile takes them: none waits for us while we wait for it.
lock table biplane.audit_exports, biplane.audit_records in access exclusive mode;

create table biplane.known_orgs (
  org text not null,
  primary key (org)
);
alter table biplane.known_orgs enable row level security;
alter table biplane.known_orgs force row level security;
create policy tenant on biplane.known_orgs using (org = current_setting('biplane.org', true));
create policy scheduler on biplane.known_orgs for select
  using (current_setting('biplane.scheduler', true) = 'on');

-- Services write through the trigger from this transaction's end on, before their login is given its rights anew.
do $$
declare login name;
begin
  for login in
    select distinct g.grantee from information_schema.role_table_grants g
    where g.table_schema = 'biplane' and g.table_name = 'runs' and g.privilege_type = 'INSERT' and g.grantee <> current_user
  loop
    execute format('grant select, insert on biplane.known_orgs to %I', login);
  end loop;
end
$$;

-- Beneath every way to write them: a row whose organisation nobody knows would never be looked at.
create function biplane.know_org() returns trigger language plpgsql as $$
begin
  insert into biplane.known_orgs (org) values (new.org) on conflict do nothing;
  return null;
end
$$;
create trigger knows_org after insert on biplane.audit_records for each row execute function biplane.know_org();

-- Those that are there already, from name to name by the primary key. For this statement alone, and within this
-- transaction, the owner sees them.
alter table biplane.audit_records no force row level security;
alter table biplane.known_orgs no force row level security;
with recursive found (org) as (
  select min(org) from biplane.audit_records
  union all
  select (select min(r.org) from biplane.audit_records r where r.org > found.org) from found where found.org is not null
)
insert into biplane.known_orgs (org) select org from found where org is not null;
alter table biplane.audit_records force row level security;
alter table biplane.known_orgs force row level security;

drop policy exporter on biplane.audit_records;
drop policy exporter on biplane.audit_exports;
drop index biplane.audit_records_by_transaction;
drop index biplane.audit_exports_to_store;
drop index biplane.audit_exports_by_batch;
create index audit_exports_of_org_to_store on biplane.audit_exports (org, batch) where stored_at is null;
