-- Compute planes: the one-time tokens that admit them, their certificates, and when they were last heard of.

create table biplane.registrations (
  org text not null,
  cluster text not null,
  token_sha256 bytea not null check (octet_length(token_sha256) = 32),
  -- SHA-256 of the public key that used the token: the same key may repeat its call, no other may.
  used_by bytea check (octet_length(used_by) = 32),
  used_at timestamptz(3),
  primary key (org, cluster)
);
create unique index registrations_token on biplane.registrations (token_sha256);

create table biplane.clusters (
  org text not null,
  cluster text not null,
  -- Of the certificate in force: hexadecimal serial number.
  certificate_serial text not null,
  certificate_until timestamptz(3) not null,
  version text not null default '',
  connections integer not null default 0,
  registered_at timestamptz(3) not null default now(),
  heard_at timestamptz(3),
  primary key (org, cluster)
);

alter table biplane.registrations enable row level security;
alter table biplane.registrations force row level security;
create policy tenant on biplane.registrations using (org = current_setting('biplane.org', true));
-- A cluster that registers is known by its token only.
create policy by_token on biplane.registrations for select
  using (token_sha256 = decode(nullif(current_setting('biplane.registration', true), ''), 'hex'));

alter table biplane.clusters enable row level security;
alter table biplane.clusters force row level security;
create policy tenant on biplane.clusters using (org = current_setting('biplane.org', true));
