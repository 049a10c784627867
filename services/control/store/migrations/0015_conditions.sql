-- Actions that wait for an answer from outside the run, of a person or a program: flyteidl2's conditions.

create table biplane.conditions (
  org text not null,
  project text not null,
  domain text not null,
  run text not null,
  action text not null,
  -- The action that asks.
  parent text not null,
  -- When it ends without an answer. Null where it waits for as long as its parent runs, and once it has ended.
  due_at timestamptz(3),
  -- Serialised flyteidl2.core.Literal: a bool, a number or a text. Null again once the parent has ended: nobody can ask
  -- for it any more. 1,040 bytes: a text of 1 KiB and what Protobuf puts around it.
  answer bytea constraint answer_is_short check (octet_length(answer) <= 1040),
  answered_by text not null default '',
  answered_by_kind text not null default '',
  answered_at timestamptz(3),
  primary key (org, project, domain, run, action)
);
create index conditions_by_parent on biplane.conditions (org, project, domain, run, parent);
create index conditions_by_due on biplane.conditions (org, due_at) where due_at is not null;

-- Where a time runs out next: no time of an organisation's conditions is earlier.
create table biplane.condition_orgs (
  org text not null,
  due_at timestamptz(3),
  primary key (org)
);

alter table biplane.conditions enable row level security;
alter table biplane.conditions force row level security;
create policy tenant on biplane.conditions using (org = current_setting('biplane.org', true));

alter table biplane.condition_orgs enable row level security;
alter table biplane.condition_orgs force row level security;
create policy tenant on biplane.condition_orgs using (org = current_setting('biplane.org', true));
-- As with triggers: names of organisations and times, and nothing of theirs.
create policy scheduler on biplane.condition_orgs for select
  using (current_setting('biplane.scheduler', true) = 'on');
