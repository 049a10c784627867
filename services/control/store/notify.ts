/** Wake-ups. They carry a key and nothing else: whoever is woken reads for itself, under its own rights. */
import type { Transaction } from "../../shared/postgres.ts";

export const runChannel = "biplane_runs";
export const queueChannel = "biplane_queue";
export const projectsChannel = "biplane_projects";

/** Sent when the transaction commits, once however often it is called in it. */
export async function announceRun(transaction: Transaction, topic: string): Promise<void> {
  await transaction.query("select pg_notify($1, $2)", [runChannel, topic]);
}

export async function announceQueue(transaction: Transaction, org: string): Promise<void> {
  await transaction.query("select pg_notify($1, $2)", [queueChannel, org]);
}

export async function announceProjects(transaction: Transaction, org: string): Promise<void> {
  await transaction.query("select pg_notify($1, $2)", [projectsChannel, org]);
}
