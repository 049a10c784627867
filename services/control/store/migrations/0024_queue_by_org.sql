-- What waits is counted in one organisation after the other (docs/decisions/0070).
drop function biplane.queue_load();
drop policy counted on biplane.queue;
