import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestPostgres, type TestPostgres } from "../../shared/testing/postgres.ts";
import { databaseIsNewer, type Migration, migrate, migrationsDirectory, readMigrations } from "./migrations.ts";
import { ensureRuntimeRole } from "./runtime-role.ts";

const all = readMigrations(migrationsDirectory(undefined, import.meta.dirname));
let empty: TestPostgres;
beforeAll(async () => {
  empty = await startTestPostgres({ apply: async (owner) => void (await migrate(owner, [])) });
});
afterAll(() => empty.stop());

async function withOwner<T>(work: (connect: () => Promise<pg.Client>) => Promise<T>): Promise<T> {
  const config = empty.ownerOf(await empty.database());
  const open: pg.Client[] = [];
  try {
    return await work(async () => {
      const client = new pg.Client(config);
      open.push(client);
      await client.connect();
      return client;
    });
  } finally {
    for (const client of open) await client.end();
  }
}

const extra = (more: Partial<Migration>): Migration => {
  return {
    number: 9000,
    name: "9000_extra.sql",
    sql: "create table biplane.extra ()",
    breaking: false,
    digest: "d",
    ...more,
  };
};

describe("migrations", () => {
  it("applied a second time do nothing", async () => {
    await withOwner(async (connect) => {
      const owner = await connect();
      expect(await migrate(owner, all)).toEqual(all.map(({ name }) => name));
      expect(await migrate(owner, all)).toEqual([]);
    });
  });

  it("are each applied once by runners that start together on an empty database", async () => {
    await withOwner(async (connect) => {
      await (await connect()).query("drop schema biplane cascade");
      const runners = await Promise.all([1, 2, 3, 4].map(connect));
      const applied = await Promise.all(runners.map((runner) => migrate(runner, all)));
      expect(applied.flat().sort()).toEqual(all.map(({ name }) => name));
    });
  });

  it("leave nothing of one that fails, so that the next try can apply it", async () => {
    await withOwner(async (connect) => {
      const owner = await connect();
      const broken = extra({ sql: "create table biplane.extra (); select broken" });
      await expect(migrate(owner, [broken])).rejects.toThrow("the migration 9000_extra.sql failed");
      expect(await migrate(owner, [extra({})])).toEqual(["9000_extra.sql"]);
    });
  });

  it("refuse a database with a newer migration that breaks this build, and accept one that does not", async () => {
    await withOwner(async (connect) => {
      const owner = await connect();
      await migrate(owner, [...all, extra({})]);
      expect(await migrate(owner, all)).toEqual([]);
      await migrate(owner, [
        ...all,
        extra({}),
        extra({ number: 9001, name: "9001_breaks.sql", sql: "", breaking: true }),
      ]);
      await expect(migrate(owner, all)).rejects.toMatchObject({ exitCode: databaseIsNewer });
      await expect(migrate(owner, all)).rejects.toThrow("9001_breaks.sql, which this build does not know");
    });
  });

  it("refuse a file that has changed since it was applied", async () => {
    await withOwner(async (connect) => {
      const owner = await connect();
      await migrate(owner, [extra({})]);
      await expect(migrate(owner, [extra({ digest: "other" })])).rejects.toThrow("9000_extra.sql has changed");
    });
  });
});

describe("the runtime login", () => {
  it("gets a new password when the migrations run again", async () => {
    await withOwner(async (connect) => {
      const owner = await connect();
      await migrate(owner, all);
      for (const password of ["first-one", "second-one"]) {
        await ensureRuntimeRole(owner, "changing", password);
        const config = {
          ...empty.ownerOf(await empty.database()),
          database: owner.database,
          user: "changing",
          password,
        };
        const client = new pg.Client(config);
        await client.connect();
        await client.query("select * from biplane.runs");
        await client.end();
      }
    });
  });

  it("is refused where it could pass row-level security", async () => {
    await withOwner(async (connect) => {
      const owner = await connect();
      await migrate(owner, all);
      await expect(ensureRuntimeRole(owner, "owner", "whatever")).rejects.toThrow(
        /^the runtime user owner has CREATEROLE, the rights of the owner; allowed: none of these/,
      );
    });
  });
});
