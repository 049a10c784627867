-- Projects, tasks, runs, their actions, and the queue that brings actions to compute planes.
--
-- Every table is a tenant's: org leads each primary key, and row-level security is the wall beneath the code. It is
-- forced, so that it binds the owner as well. Times have milliseconds, so that a time read is the time stored.

create table biplane.projects (
  org text not null,
  id text not null,
  name text not null,
  description text not null default '',
  labels jsonb not null default '{}',
  domains text[] not null,
  -- flyteidl2.project.ProjectState
  state smallint not null default 0,
  created_at timestamptz(3) not null default now(),
  primary key (org, id)
);

-- Serialised flyteidl2.task.TaskSpec, once for all actions that share it.
create table biplane.task_specs (
  org text not null,
  digest bytea not null,
  spec bytea not null,
  primary key (org, digest)
);

create table biplane.tasks (
  org text not null,
  project text not null,
  domain text not null,
  name text not null,
  version text not null,
  short_name text not null,
  environment text not null,
  description text not null,
  entrypoint boolean not null,
  spec_digest bytea not null,
  deployed_by text not null,
  deployed_by_kind text not null,
  created_at timestamptz(3) not null default now(),
  primary key (org, project, domain, name, version)
);
create index tasks_by_age on biplane.tasks (org, project, domain, created_at);

create table biplane.runs (
  org text not null,
  project text not null,
  domain text not null,
  run text not null,
  -- flyteidl2.workflow.RunSource
  source smallint not null,
  labels jsonb not null,
  -- Serialised flyteidl2.task.RunSpec
  run_spec bytea not null,
  -- s3://<bucket>/<org>/<project>/<domain>/<run>
  output_base text not null,
  -- Constant for the whole run: the names of children derive from it.
  start_time timestamptz(3) not null,
  created_by text not null,
  created_by_kind text not null,
  created_at timestamptz(3) not null default now(),
  primary key (org, project, domain, run)
);
create index runs_by_age on biplane.runs (org, project, domain, created_at);

create table biplane.actions (
  org text not null,
  project text not null,
  domain text not null,
  run text not null,
  action text not null,
  -- Empty for the root action.
  parent text not null,
  -- flyteidl2.workflow.ActionType
  action_type smallint not null,
  action_group text not null,
  task_project text not null default '',
  task_domain text not null default '',
  task_name text not null default '',
  task_version text not null default '',
  task_type text not null default '',
  short_name text not null default '',
  environment text not null default '',
  -- Tasks have a spec; traces and conditions their serialised TraceAction or ConditionAction.
  spec_digest bytea,
  detail bytea,
  input_uri text not null,
  cache_key text not null default '',
  -- flyteidl2.common.ActionPhase
  phase smallint not null,
  -- Sortable by what is further: attempt, then phase (see progress.ts). A report never lowers it.
  progress bigint not null,
  phase_at timestamptz(3) not null,
  -- 0 until the compute plane reports the first.
  attempt integer not null default 0,
  cluster text not null default '',
  output_uri text not null default '',
  error_code text not null default '',
  error_message text not null default '',
  -- flyteidl2.workflow.ErrorInfo.Kind
  error_kind smallint not null default 0,
  abort_reason text not null default '',
  aborted_by text not null default '',
  aborted_by_kind text not null default '',
  started_at timestamptz(3),
  ended_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  -- The transaction of the last change: how watches find what is new without missing a late commit.
  changed_in xid8 not null default pg_current_xact_id(),
  primary key (org, project, domain, run, action)
);

create table biplane.attempts (
  org text not null,
  project text not null,
  domain text not null,
  run text not null,
  action text not null,
  attempt integer not null,
  phase smallint not null,
  phase_at timestamptz(3) not null,
  -- Index: ActionPhase. Value: when it was first reached.
  reached timestamptz(3)[] not null,
  cluster text not null,
  output_uri text not null default '',
  error_code text not null default '',
  error_message text not null default '',
  error_kind smallint not null default 0,
  primary key (org, project, domain, run, action, attempt)
);

-- One row for each action that a compute plane has still to finish; small whatever the history.
create table biplane.queue (
  org text not null,
  project text not null,
  domain text not null,
  run text not null,
  action text not null,
  parent text not null,
  id bigint generated always as identity,
  -- Null: any of the organisation's. The first lease binds the action to one compute plane for good.
  cluster text,
  worker text,
  -- When it may be leased (again): at once, or after the lease has run out.
  due_at timestamptz(3) not null default now(),
  deliveries integer not null default 0,
  -- Set once a leased action is to be cancelled.
  cancel_reason text,
  primary key (org, project, domain, run, action)
);
create index queue_by_due on biplane.queue (org, due_at, id);
create index queue_by_parent on biplane.queue (org, project, domain, run, parent);
create index queue_by_worker on biplane.queue (org, cluster, worker) where worker is not null;

alter table biplane.projects enable row level security;
alter table biplane.projects force row level security;
create policy own_org on biplane.projects using (org = current_setting('biplane.org', true));

alter table biplane.task_specs enable row level security;
alter table biplane.task_specs force row level security;
create policy own_org on biplane.task_specs using (org = current_setting('biplane.org', true));

alter table biplane.tasks enable row level security;
alter table biplane.tasks force row level security;
create policy own_org on biplane.tasks using (org = current_setting('biplane.org', true));

alter table biplane.runs enable row level security;
alter table biplane.runs force row level security;
create policy own_org on biplane.runs using (org = current_setting('biplane.org', true));

alter table biplane.actions enable row level security;
alter table biplane.actions force row level security;
create policy own_org on biplane.actions using (org = current_setting('biplane.org', true));

alter table biplane.attempts enable row level security;
alter table biplane.attempts force row level security;
create policy own_org on biplane.attempts using (org = current_setting('biplane.org', true));

alter table biplane.queue enable row level security;
alter table biplane.queue force row level security;
create policy own_org on biplane.queue using (org = current_setting('biplane.org', true));
