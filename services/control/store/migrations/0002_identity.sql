-- OAuth2 applications. Secrets are kept as hashes only.

create table biplane.applications (
  org text not null,
  client_id text not null,
  secret_sha256 bytea not null check (octet_length(secret_sha256) = 32),
  role text not null check (role in ('admin', 'contributor', 'viewer', 'task')),
  -- Declared by the region's stack; such rows follow the stack, others are left alone.
  bootstrap boolean not null default false,
  created_at timestamptz(3) not null default now(),
  primary key (org, client_id)
);
-- A client signs in before its organisation is known.
create unique index applications_client on biplane.applications (client_id);

alter table biplane.applications enable row level security;
alter table biplane.applications force row level security;
create policy tenant on biplane.applications using (org = current_setting('biplane.org', true));
-- Whoever signs in may see the one row that it names, of whatever organisation.
create policy sign_in on biplane.applications for select
  using (client_id = current_setting('biplane.client_id', true));
