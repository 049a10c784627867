-- What people make to sign in with: API keys, which stand for their owner, and service accounts, which are applications
-- beside those that the region's stack declares. Secrets are kept as hashes only.

create table biplane.api_keys (
  org text not null,
  key_id text not null,
  name text not null,
  secret_sha256 bytea not null check (octet_length(secret_sha256) = 32),
  owner text not null,
  owner_kind text not null check (owner_kind in ('user', 'application')),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  primary key (org, key_id)
);
-- A key signs in before its organisation is known.
create unique index api_keys_key on biplane.api_keys (key_id);
create index api_keys_by_owner on biplane.api_keys (org, owner_kind, owner);

alter table biplane.applications add column description text not null default '';

-- Empty where the caller signed in without one.
alter table biplane.audit_records add column api_key text not null default '';

alter table biplane.api_keys enable row level security;
alter table biplane.api_keys force row level security;
create policy tenant on biplane.api_keys using (org = current_setting('biplane.org', true));
-- Whoever signs in may see the one row that it names, of whatever organisation.
create policy sign_in on biplane.api_keys for select
  using (key_id = current_setting('biplane.client_id', true));
