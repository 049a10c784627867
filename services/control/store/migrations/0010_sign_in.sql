-- People who sign in by a browser, at the organisation's own identity provider. What they show afterwards (codes, refresh
-- tokens) is kept as hashes only.

create table biplane.people (
  org text not null,
  -- Their verified e-mail address, in lower case.
  subject text not null,
  -- What the identity provider's groups gave them when they last signed in; policies add to it.
  role text not null check (role in ('admin', 'contributor', 'viewer', 'none')),
  signed_in_at timestamptz(3) not null default now(),
  primary key (org, subject)
);

create table biplane.sessions (
  org text not null,
  session_id text not null,
  subject text not null,
  way text not null check (way in ('browser', 'device')),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  primary key (org, session_id),
  foreign key (org, subject) references biplane.people on delete cascade
);
create index sessions_by_end on biplane.sessions (org, expires_at);

create table biplane.session_secrets (
  org text not null,
  secret_sha256 bytea not null check (octet_length(secret_sha256) = 32),
  session_id text not null,
  -- An authorization code, a device's code, a refresh token: each is exchanged once.
  kind text not null check (kind in ('code', 'device', 'refresh')),
  -- Of a code: what its verifier hashes to (RFC 7636, S256).
  challenge text not null default '',
  expires_at timestamptz(3) not null,
  used_at timestamptz(3),
  primary key (org, secret_sha256),
  foreign key (org, session_id) references biplane.sessions on delete cascade
);
-- Whoever shows one is not yet known.
create unique index session_secrets_secret on biplane.session_secrets (secret_sha256);
create index session_secrets_by_session on biplane.session_secrets (org, session_id);

-- Devices that wait for somebody to sign them in. Nobody's until then, so it has no organisation and holds nothing of
-- one: who signs a device in gets a session, whose secret is the device's code.
create table biplane.device_requests (
  device_sha256 bytea primary key check (octet_length(device_sha256) = 32),
  user_code_sha256 bytea not null unique check (octet_length(user_code_sha256) = 32),
  expires_at timestamptz(3) not null,
  -- How far apart its questions must be.
  interval_seconds integer not null,
  polled_at timestamptz(3),
  decided_at timestamptz(3),
  denied boolean not null default false
);
create index device_requests_by_end on biplane.device_requests (expires_at);

alter table biplane.people enable row level security;
alter table biplane.people force row level security;
create policy tenant on biplane.people using (org = current_setting('biplane.org', true));

alter table biplane.sessions enable row level security;
alter table biplane.sessions force row level security;
create policy tenant on biplane.sessions using (org = current_setting('biplane.org', true));

alter table biplane.session_secrets enable row level security;
alter table biplane.session_secrets force row level security;
create policy tenant on biplane.session_secrets using (org = current_setting('biplane.org', true));
-- Whoever shows a secret may see its one row, of whatever organisation.
create policy sign_in on biplane.session_secrets for select
  using (secret_sha256 = decode(nullif(current_setting('biplane.secret', true), ''), 'hex'));

alter table biplane.device_requests enable row level security;
alter table biplane.device_requests force row level security;
-- The device names its row by one code, the person by the other.
create policy named on biplane.device_requests
  using (decode(nullif(current_setting('biplane.secret', true), ''), 'hex') in (device_sha256, user_code_sha256));
-- What is over can be taken away by whoever comes by.
create policy ended on biplane.device_requests using (expires_at < now()) with check (false);
