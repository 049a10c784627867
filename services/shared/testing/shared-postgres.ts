/** One Postgres for all files of the vitest project `database`: a start costs more than most of their tests. */
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { databasesOf, startTestPostgres, type TestDatabases, type TestPostgresAccess } from "./postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgres: TestPostgresAccess;
  }
}

/** In a test. */
export function sharedPostgres(): TestDatabases {
  return databasesOf(inject("postgres"));
}

/** Vitest's global set-up: runs once, before the project's first file, and only if the project has one to run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startTestPostgres();
  project.provide("postgres", postgres.access);
  return () => postgres.stop();
}
