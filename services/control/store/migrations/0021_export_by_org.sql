-- Audit records as one organisation's come: what waits of it is found without passing over all others'. Alone in its
-- transaction, since records cannot be written while it is built.
create index audit_records_to_export on biplane.audit_records (org, tx, id);
