-- What tasks that may be cached have returned: where the outputs lie, by what they were asked for. Of one project and
-- domain, since no other may read there.

create table biplane.cached_results (
  org text not null,
  project text not null,
  domain text not null,
  -- A hash of the task's name, interface, version of its cache and inputs; empty where a task is not cached.
  cache_key text not null check (cache_key <> ''),
  output_uri text not null
    constraint output_uri_is_uri check (output_uri ~ '^(s3|gs|abfs)://' and char_length(output_uri) <= 2048),
  -- Whose outputs they are.
  run text not null,
  action text not null,
  created_at timestamptz(3) not null default now(),
  primary key (org, project, domain, cache_key)
);

alter table biplane.cached_results enable row level security;
alter table biplane.cached_results force row level security;
create policy own_org on biplane.cached_results using (org = current_setting('biplane.org', true));

-- flyteidl2.core.CatalogCacheStatus
alter table biplane.actions add column cache_status smallint not null default 0;
-- Whoever started it wants nothing from the cache, and what comes of it in there.
alter table biplane.runs add column overwrite_cache boolean not null default false;
