-- breaking: an older build takes audit records out by a policy that is gone, and would tell that none waits
-- No statement of the region's sees rows of two organisations (docs/decisions/0070). Which there are is a table of names, and
-- whoever has something to do for all of them does it for one after the other, in its name.

create table biplane.known_orgs (
  org text not null,
  primary key (org)
);
alter table biplane.known_orgs enable row level security;
alter table biplane.known_orgs force row level security;
create policy tenant on biplane.known_orgs using (org = current_setting('biplane.org', true));
create policy scheduler on biplane.known_orgs for select
  using (current_setting('biplane.scheduler', true) = 'on');

-- Beneath every way to write them: a row whose organisation nobody knows would never be looked at.
create function biplane.know_org() returns trigger language plpgsql as $$
begin
  insert into biplane.known_orgs (org) values (new.org) on conflict do nothing;
  return null;
end
$$;
create trigger knows_org after insert on biplane.audit_records for each row execute function biplane.know_org();
create trigger knows_org after insert on biplane.runs for each row execute function biplane.know_org();

-- What is there already. For this statement alone, and within this transaction, the owner sees it.
alter table biplane.audit_records no force row level security;
alter table biplane.runs no force row level security;
alter table biplane.known_orgs no force row level security;
insert into biplane.known_orgs (org) select org from biplane.audit_records union select org from biplane.runs;
alter table biplane.audit_records force row level security;
alter table biplane.runs force row level security;
alter table biplane.known_orgs force row level security;

drop policy exporter on biplane.audit_records;
drop policy exporter on biplane.audit_exports;
create index audit_records_to_export on biplane.audit_records (org, tx, id);
drop index biplane.audit_records_by_transaction;
create index audit_exports_of_org_to_store on biplane.audit_exports (org, batch) where stored_at is null;
drop index biplane.audit_exports_to_store;
drop index biplane.audit_exports_by_batch;

drop function biplane.queue_load();
drop policy counted on biplane.queue;
