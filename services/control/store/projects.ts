/** Projects of an organisation. A run in a project or domain that is new adds it. */
import type { Database, Transaction } from "../../shared/postgres.ts";
import type { ProjectKey } from "./keys.ts";
import { type ListPlan, listSql } from "./listing.ts";
import { announceProjects } from "./notify.ts";

export interface ProjectRow {
  id: string;
  name: string;
  description: string;
  labels: Record<string, string>;
  domains: string[];
  /** flyteidl2.project.ProjectState */
  state: number;
  created_at: Date;
}

const columns = "p.id, p.name, p.description, p.labels, p.domains, p.state, p.created_at";

/** Writes only where the project or the domain is new. */
export async function ensureProject(transaction: Transaction, org: string, key: ProjectKey): Promise<void> {
  const written = await transaction.query(
    `insert into biplane.projects as p (org, id, name, domains) values ($1, $2, $2, array[$3::text])
     on conflict (org, id) do update set domains = p.domains || excluded.domains
     where not excluded.domains <@ p.domains returning 1`,
    [org, key.project, key.domain],
  );
  if (written.length > 0) await announceProjects(transaction, org);
}

export async function insertProject(
  database: Database,
  org: string,
  project: Omit<ProjectRow, "created_at">,
): Promise<"created" | "name-taken"> {
  const { id, name, description, labels, domains, state } = project;
  const rows = await database.withOrg(org, async (transaction) => {
    const written = await transaction.query(
      `insert into biplane.projects (org, id, name, description, labels, domains, state)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning 1`,
      [org, id, name, description, labels, domains, state],
    );
    if (written.length > 0) await announceProjects(transaction, org);
    return written;
  });
  return rows.length === 1 ? "created" : "name-taken";
}

export async function updateProject(
  database: Database,
  org: string,
  project: Pick<ProjectRow, "id" | "name" | "description" | "labels" | "state">,
): Promise<"updated" | "not-found"> {
  const { id, name, description, labels, state } = project;
  const rows = await database.withOrg(org, async (transaction) => {
    const written = await transaction.query(
      `update biplane.projects set name = $3, description = $4, labels = $5, state = $6
       where org = $1 and id = $2 returning 1`,
      [org, id, name, description, labels, state],
    );
    if (written.length > 0) await announceProjects(transaction, org);
    return written;
  });
  return rows.length === 1 ? "updated" : "not-found";
}

export async function readProject(database: Database, org: string, id: string): Promise<ProjectRow | undefined> {
  const rows = await database.withOrg(org, (transaction) =>
    transaction.query<ProjectRow>(`select ${columns} from biplane.projects p where org = $1 and id = $2`, [org, id]),
  );
  return rows[0];
}

/** The plan's fields are those of `biplane.projects p`. */
export async function listProjects(database: Database, org: string, plan: ListPlan): Promise<ProjectRow[]> {
  const { text, values } = listSql({ columns, from: "from biplane.projects p where p.org = $1", values: [org] }, plan);
  return database.withOrg(org, (transaction) => transaction.query<ProjectRow>(text, values));
}

/** Every project of an organisation, by what a compute plane must know of it. */
export async function readDirectory(
  database: Database,
  org: string,
): Promise<Pick<ProjectRow, "id" | "domains" | "state">[]> {
  return database.withOrg(org, (transaction) =>
    transaction.query("select id, domains, state from biplane.projects where org = $1 order by id", [org]),
  );
}
