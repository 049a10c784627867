-- What a compute plane holds can be put out of use before it ends: its certificates, its key, its registration.

alter table biplane.registrations
  -- From then on the token admits nobody; a changed token begins anew.
  add column revoked_at timestamptz(3),
  -- SHA-256 of the public keys that were in use then: no token admits them again.
  add column refused_keys bytea[] not null default '{}';

alter table biplane.clusters
  add column revoked_at timestamptz(3),
  -- Once something was revoked: hexadecimal serial numbers of what was given since, and only these are in use.
  add column certificates text[] not null default '{}';
