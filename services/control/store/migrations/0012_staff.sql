-- People of who runs the region. They are of no organisation, and in one only while it has granted it to them.

create table biplane.staff_grants (
  org text not null,
  grant_id text not null,
  -- Verified e-mail address, in lower case.
  subject text not null check (subject <> ''),
  role text not null check (role in ('support', 'operator')),
  reason text not null,
  granted_by text not null,
  granted_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  primary key (org, grant_id)
);
create index staff_grants_by_subject on biplane.staff_grants (subject);

alter table biplane.staff_grants enable row level security;
alter table biplane.staff_grants force row level security;
create policy tenant on biplane.staff_grants using (org = current_setting('biplane.org', true));
-- Whoever signs in may see what they were granted themselves, by whatever organisation.
create policy own on biplane.staff_grants for select using (subject = current_setting('biplane.staff', true));

-- Null: a person of the organisation itself.
alter table biplane.sessions add column grant_id text;
alter table biplane.sessions add constraint sessions_grant
  foreign key (org, grant_id) references biplane.staff_grants (org, grant_id) on delete cascade;

alter table biplane.people drop constraint people_role_check;
alter table biplane.people add constraint people_role_check
  check (role in ('admin', 'contributor', 'viewer', 'none', 'staff')) not valid;

-- Old records are not read again for it.
alter table biplane.audit_records drop constraint audit_records_subject_kind_check;
alter table biplane.audit_records add constraint audit_records_subject_kind_check
  check (subject_kind in ('user', 'application', 'cluster', 'staff')) not valid;
