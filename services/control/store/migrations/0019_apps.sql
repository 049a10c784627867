-- Apps: what is to be served, on which compute plane, and how it stands as that plane tells.

-- Planes that serve apps, each at hosts of a domain of its own: told by the plane itself.
create table biplane.app_planes (
  org text not null,
  cluster text not null,
  domain text not null,
  told_at timestamptz(3) not null default now(),
  primary key (org, cluster)
);

create table biplane.apps (
  org text not null,
  project text not null,
  domain text not null,
  name text not null,
  -- Of this app, and of none of its name before or after it.
  uid text not null,
  -- First label of its host. `a-b` of `c` and `a` of `b-c` would have the same.
  host text not null,
  cluster text not null,
  revision bigint not null,
  -- Goes on with everything that is written of it: who watches compares it.
  version bigint not null,
  -- flyteidl2.app.Spec.DesiredState: STOPPED or ACTIVE.
  desired_state smallint not null,
  -- Serialised flyteidl2.app.Spec and flyteidl2.app.Meta, without what stands in columns.
  spec bytea not null,
  meta bytea not null,
  created_by text not null,
  created_by_kind text not null,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  started_at timestamptz(3),
  -- As the latest of its conditions. flyteidl2.app.Status.DeploymentStatus
  deployment_status smallint not null,
  replicas integer not null default 0,
  -- Of the latest report that counted, by the cluster's clock.
  observed_at timestamptz(3),
  primary key (org, project, domain, name)
);
create unique index apps_by_host on biplane.apps (org, host);
create index apps_by_cluster on biplane.apps (org, cluster);

-- The latest of them, oldest first by `ordinal`.
create table biplane.app_conditions (
  org text not null,
  project text not null,
  domain text not null,
  name text not null,
  ordinal bigint not null,
  revision bigint not null,
  -- flyteidl2.app.Status.DeploymentStatus and Substate
  deployment_status smallint not null,
  substate smallint not null,
  message text not null,
  -- Both empty for what the compute plane told.
  actor text not null,
  actor_kind text not null,
  at timestamptz(3) not null default now(),
  primary key (org, project, domain, name, ordinal)
);

alter table biplane.app_planes enable row level security;
alter table biplane.app_planes force row level security;
create policy tenant on biplane.app_planes using (org = current_setting('biplane.org', true));

alter table biplane.apps enable row level security;
alter table biplane.apps force row level security;
create policy tenant on biplane.apps using (org = current_setting('biplane.org', true));

alter table biplane.app_conditions enable row level security;
alter table biplane.app_conditions force row level security;
create policy tenant on biplane.app_conditions using (org = current_setting('biplane.org', true));
