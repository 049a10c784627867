-- How much waits, and for how long, over all organisations: numbers for whoever runs the region, and no row of anybody's.
-- The policy is for the owner alone, as whom the function runs. Services sign in by another login, and see what they saw.
create policy counted on biplane.queue for select to current_user using (true);

create function biplane.queue_load(out waiting bigint, out leased bigint, out oldest_seconds double precision)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select count(*) filter (where due_at <= now()), count(*) filter (where due_at > now()),
    coalesce(extract(epoch from now() - min(due_at) filter (where due_at <= now())), 0)
  from biplane.queue
$$;
revoke all on function biplane.queue_load() from public;
