/** Migrations, then the logins of the services, of the audit's export and of whoever verifies. Safe to run twice, and twice at the same time. */
import pg from "pg";
import type { DatabaseConfig } from "../../shared/config.ts";
import type { Logger } from "../../shared/log.ts";
import { clientConfig } from "../../shared/postgres.ts";
import { ensureExporterRole } from "../store/exporter-role.ts";
import { migrate, migrationsDirectory, readMigrations } from "../store/migrations.ts";
import { ensureRuntimeRole } from "../store/runtime-role.ts";
import { ensureVerifierRole } from "../store/verifier-role.ts";

export interface MigrateConfig extends DatabaseConfig {
  RUNTIME_USER: string;
  RUNTIME_PASSWORD_FILE: string;
  EXPORTER_USER: string;
  EXPORTER_PASSWORD_FILE: string;
  VERIFIER_USER: string;
  VERIFIER_PASSWORD_FILE: string;
  MIGRATIONS_DIR?: string | undefined;
}

export async function migrateDatabase(config: MigrateConfig, log: Logger): Promise<void> {
  const migrations = readMigrations(migrationsDirectory(config.MIGRATIONS_DIR, import.meta.dirname));
  // Long statements are what migrations are made of.
  const client = new pg.Client({ ...clientConfig(config, "migrate"), options: "-c statement_timeout=0" });
  await client.connect();
  try {
    const applied = await migrate(client, migrations);
    log.info("migrated", { applied, known: migrations.length });
    await ensureRuntimeRole(client, config.RUNTIME_USER, config.RUNTIME_PASSWORD_FILE);
    log.info("the runtime login is ready", { user: config.RUNTIME_USER });
    await ensureExporterRole(client, config.EXPORTER_USER, config.EXPORTER_PASSWORD_FILE);
    log.info("the exporter's login is ready", { user: config.EXPORTER_USER });
    await ensureVerifierRole(client, config.VERIFIER_USER, config.VERIFIER_PASSWORD_FILE);
    log.info("the verifier's login is ready", { user: config.VERIFIER_USER });
  } finally {
    await client.end();
  }
}
