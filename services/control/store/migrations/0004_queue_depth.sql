-- How many parents an action has above it. While many parents wait, the deepest of the queue go first: they are what is
-- waited for, and whoever took more parents instead would fill a cluster with pods that only wait.
alter table biplane.queue add column depth integer not null default 0;
create index queue_by_depth on biplane.queue (org, depth desc, due_at, id);
