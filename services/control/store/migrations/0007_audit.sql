-- Who did what: each change that was allowed, each request that was denied. Appended to and read, never changed. The
-- services' login is given neither update nor delete, nor may it say when something was (see runtime-role.ts); the
-- trigger stops everybody else but who takes it away, which is DDL and no service's right.

create table biplane.audit_records (
  org text not null,
  id bigint generated always as identity,
  at timestamptz(3) not null default clock_timestamp(),
  subject text not null,
  subject_kind text not null check (subject_kind in ('user', 'application', 'cluster')),
  operation text not null,
  resource text not null,
  decision text not null check (decision in ('allowed', 'denied')),
  reason text not null,
  request_id text not null,
  primary key (org, id)
);
create index audit_records_by_time on biplane.audit_records (org, at);

create function biplane.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit records are never changed' using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete or truncate on biplane.audit_records
  for each statement execute function biplane.refuse_change();

alter table biplane.audit_records enable row level security;
alter table biplane.audit_records force row level security;
create policy tenant on biplane.audit_records using (org = current_setting('biplane.org', true));
