/** The Job that brings the database up to date before new services start. Runs as the owner; ends by itself. */

import { z } from "zod";
import { messageOf, UserError } from "../../../shared/errors.ts";
import { commonShape, databaseShape, fileContent, readConfig } from "../../shared/config.ts";
import { createLogger } from "../../shared/log.ts";
import { migrateDatabase } from "./migrate.ts";

const roleName = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, "must be a plain Postgres name: a-z, 0-9 and _");

const shape = {
  LOG_LEVEL: commonShape.LOG_LEVEL,
  ...databaseShape,
  RUNTIME_USER: roleName,
  RUNTIME_PASSWORD_FILE: fileContent,
  EXPORTER_USER: roleName,
  EXPORTER_PASSWORD_FILE: fileContent,
  VERIFIER_USER: roleName,
  VERIFIER_PASSWORD_FILE: fileContent,
  /** The SQL files, where they are not beside the program. */
  MIGRATIONS_DIR: z.string().optional(),
};

let log = createLogger("migrate");
try {
  const config = readConfig(shape);
  log = createLogger("migrate", { level: config.LOG_LEVEL });
  await migrateDatabase(config, log);
} catch (error) {
  if (error instanceof UserError) process.stderr.write(`migrate: ${messageOf(error)}\n`);
  else log.error("the migration failed", { error });
  process.exitCode = error instanceof UserError ? error.exitCode : 1;
}
