-- What tells rows apart comes first. Where a run comes before it, the planner takes reading all of the run's rows for as
-- cheap as reading one by its key, as long as it has no statistics: the look-up of one of a thousand children read them all.
create index queue_by_asker on biplane.queue (org, parent, run, domain, project);
drop index biplane.queue_by_parent;
create index conditions_by_asker on biplane.conditions (org, parent, run, domain, project);
drop index biplane.conditions_by_parent;
