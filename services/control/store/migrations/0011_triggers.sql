-- Triggers of tasks: what they are, revision by revision, when they are due, and what came of each time that they were.

create table biplane.triggers (
  org text not null,
  project text not null,
  domain text not null,
  task_name text not null,
  name text not null,
  -- The latest. It goes on where a deleted trigger is deployed again.
  revision bigint not null,
  active boolean not null,
  deployed_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  triggered_at timestamptz(3),
  deleted_at timestamptz(3),
  -- Null where no schedule fires it: it has none, is paused, or is deleted.
  due_at timestamptz(3),
  primary key (org, project, domain, task_name, name)
);
create index triggers_by_due on biplane.triggers (org, due_at) where due_at is not null;

create table biplane.trigger_revisions (
  org text not null,
  project text not null,
  domain text not null,
  task_name text not null,
  name text not null,
  revision bigint not null,
  -- flyteidl2.trigger.TriggerRevisionAction
  action smallint not null,
  active boolean not null,
  task_version text not null,
  description text not null,
  -- Serialised flyteidl2.task.RunSpec
  run_spec bytea not null,
  -- Serialised flyteidl2.task.TriggerAutomationSpec
  automation bytea not null,
  -- The inputs lie in the customer's own store: see 0005_references.sql.
  input_uri text not null
    constraint input_uri_is_uri check (input_uri ~ '^(s3|gs|abfs)://' and char_length(input_uri) <= 2048),
  inputs_hash text not null constraint inputs_hash_is_hash check (inputs_hash ~ '^[A-Za-z0-9+/=_-]{0,128}$'),
  -- Whose rights a firing needs.
  deployed_by text not null,
  deployed_by_kind text not null,
  updated_by text not null,
  updated_by_kind text not null,
  created_at timestamptz(3) not null default now(),
  primary key (org, project, domain, task_name, name, revision)
);

-- One row for each time at which a trigger was due and was not passed over.
create table biplane.trigger_fires (
  org text not null,
  project text not null,
  domain text not null,
  task_name text not null,
  name text not null,
  due_at timestamptz(3) not null,
  revision bigint not null,
  outcome text not null check (outcome in ('run', 'denied', 'refused')),
  -- Empty where there is none.
  run text not null,
  reason text not null,
  fired_at timestamptz(3) not null default now(),
  primary key (org, project, domain, task_name, name, due_at)
);

-- Where the scheduler has to look: no time of an organisation's triggers is earlier.
create table biplane.trigger_orgs (
  org text not null,
  due_at timestamptz(3),
  primary key (org)
);

-- Both empty where no trigger started it. A trigger's runs are in its own project and domain.
alter table biplane.runs
  add column trigger_task text not null default '',
  add column trigger_name text not null default '',
  add column trigger_revision bigint not null default 0;
create index runs_by_trigger on biplane.runs (org, project, domain, trigger_task, trigger_name, created_at)
  where trigger_name <> '';

alter table biplane.triggers enable row level security;
alter table biplane.triggers force row level security;
create policy tenant on biplane.triggers using (org = current_setting('biplane.org', true));

alter table biplane.trigger_revisions enable row level security;
alter table biplane.trigger_revisions force row level security;
create policy tenant on biplane.trigger_revisions using (org = current_setting('biplane.org', true));

alter table biplane.trigger_fires enable row level security;
alter table biplane.trigger_fires force row level security;
create policy tenant on biplane.trigger_fires using (org = current_setting('biplane.org', true));

alter table biplane.trigger_orgs enable row level security;
alter table biplane.trigger_orgs force row level security;
create policy tenant on biplane.trigger_orgs using (org = current_setting('biplane.org', true));
-- The scheduler asks which organisations have something due, and learns their names and nothing of theirs.
create policy scheduler on biplane.trigger_orgs for select
  using (current_setting('biplane.scheduler', true) = 'on');
