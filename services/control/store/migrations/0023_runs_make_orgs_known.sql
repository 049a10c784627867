-- A run may be there before anything of its organisation was recorded. A table alone, as in the next: no order of two would
-- suit both who makes runs and who leases their actions.
create trigger knows_org after insert on biplane.runs for each row execute function biplane.know_org();
