/** Wake-ups. They carry a key and nothing else: whoever is woken reads for itself, under its own rights. */
import { statement, type Transaction } from "../../shared/postgres.ts";

export const runChannel = "biplane_runs";
export const queueChannel = "biplane_queue";
export const projectsChannel = "biplane_projects";
export const appsChannel = "biplane_apps";

const notifySql = statement("select pg_notify($1, $2)");

/** Sent when the transaction commits, once however often it is called in it. */
export async function announceRun(transaction: Transaction, topic: string): Promise<void> {
  await transaction.query(notifySql, [runChannel, topic]);
}

export async function announceQueue(transaction: Transaction, org: string): Promise<void> {
  await transaction.query(notifySql, [queueChannel, org]);
}

export async function announceApps(transaction: Transaction, org: string): Promise<void> {
  await transaction.query(notifySql, [appsChannel, org]);
}

export async function announceProjects(transaction: Transaction, org: string): Promise<void> {
  await transaction.query(notifySql, [projectsChannel, org]);
}
