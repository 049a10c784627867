-- Audit records are taken out of the database, into a bucket where nobody can rewrite them. Ids are drawn before a
-- transaction ends, so a lower one may appear after a higher one; transactions have numbers of which the database tells
-- below which none is under way. Records are read in that order, and once they are settled.

alter table biplane.audit_records add column tx xid8 not null default pg_current_xact_id();
create index audit_records_by_transaction on biplane.audit_records (tx, id);

-- What goes into which object: written down before the object is, so that whoever tries again writes the same one. An
-- object holds the records of one organisation and one hour that come after one place and not after another.
create table biplane.audit_exports (
  org text not null,
  batch bigint not null check (batch > 0),
  hour timestamptz(3) not null,
  key text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  records integer not null check (records > 0),
  oldest_at timestamptz(3) not null,
  after_tx xid8 not null,
  after_id bigint not null,
  last_tx xid8 not null,
  last_id bigint not null,
  planned_at timestamptz(3) not null default clock_timestamp(),
  stored_at timestamptz(3),
  primary key (org, batch, hour)
);
create index audit_exports_by_batch on biplane.audit_exports (batch);
create index audit_exports_to_store on biplane.audit_exports (batch) where stored_at is null;

alter table biplane.audit_exports enable row level security;
alter table biplane.audit_exports force row level security;
create policy tenant on biplane.audit_exports using (org = current_setting('biplane.org', true));

-- The exporter looks at all organisations at once: a region of a thousand costs no thousand queries a round.
create policy exporter on biplane.audit_records for select
  using (current_setting('biplane.audit_export', true) = 'on');
create policy exporter on biplane.audit_exports for select
  using (current_setting('biplane.audit_export', true) = 'on');
