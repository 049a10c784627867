-- People's sessions at apps: what a browser shows there is of one app, and of none that comes after it under its name.
alter table biplane.session_secrets
  drop constraint session_secrets_kind_check,
  add constraint session_secrets_kind_check check (kind in ('code', 'device', 'refresh', 'app-code', 'app')),
  -- Uid of the app; empty for the others.
  add column app text not null default '';
