-- Who may do what: an organisation's own roles and policies, and who has them. What every organisation has (admin,
-- contributor, viewer) is code, not rows.

create table biplane.roles (
  org text not null,
  name text not null,
  description text not null,
  permissions text[] not null,
  changed_at timestamptz(3) not null default now(),
  primary key (org, name)
);

create table biplane.policies (
  org text not null,
  name text not null,
  description text not null,
  changed_at timestamptz(3) not null default now(),
  primary key (org, name)
);

create table biplane.bindings (
  org text not null,
  policy text not null,
  position integer not null,
  -- Built-in, or of biplane.roles.
  role text not null,
  -- Both empty: the whole organisation; domain alone: that domain of every project.
  project text not null,
  domain text not null check (project = '' or domain <> ''),
  primary key (org, policy, position),
  foreign key (org, policy) references biplane.policies on delete cascade
);

create table biplane.assignments (
  org text not null,
  kind text not null check (kind in ('user', 'application')),
  subject text not null,
  -- Built-in, or of biplane.policies.
  policy text not null,
  primary key (org, kind, subject, policy)
);
create index assignments_by_policy on biplane.assignments (org, policy);

-- An application that only has what policies give it has the role "none". An old build gives such a one no token that
-- anybody accepts.
alter table biplane.applications drop constraint applications_role_check;
alter table biplane.applications add constraint applications_role_check
  check (role in ('admin', 'contributor', 'viewer', 'task', 'none'));
-- Where its role holds, as [{"project": …, "domain": …}]; empty: everywhere.
alter table biplane.applications add column places jsonb not null default '[]';

alter table biplane.roles enable row level security;
alter table biplane.roles force row level security;
create policy tenant on biplane.roles using (org = current_setting('biplane.org', true));

alter table biplane.policies enable row level security;
alter table biplane.policies force row level security;
create policy tenant on biplane.policies using (org = current_setting('biplane.org', true));

alter table biplane.bindings enable row level security;
alter table biplane.bindings force row level security;
create policy tenant on biplane.bindings using (org = current_setting('biplane.org', true));

alter table biplane.assignments enable row level security;
alter table biplane.assignments force row level security;
create policy tenant on biplane.assignments using (org = current_setting('biplane.org', true));
