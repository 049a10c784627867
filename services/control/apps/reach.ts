/** Whether somebody may reach an app, decided and recorded as every other request: a program's, and a person's by a browser. */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { AppAccessService } from "../../../gen/biplane/apps/v1/access_pb.js";
import { IdentifierSchema } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import { admit, type Call } from "../../shared/auth/admit.ts";
import type { Identified } from "../../shared/auth/caller.ts";
import { inPlace } from "../../shared/auth/named.ts";
import { mayRead, type Rule } from "../../shared/auth/rule.ts";
import type { Database } from "../../shared/postgres.ts";
import { type AppRow, readApps } from "../store/apps.ts";

/** As a run's outputs are read, in the app's project and domain. */
const reaching = mayRead("view_flyte_executions", inPlace) as Rule<never> as Rule;

/** @param host whole, in lower case. */
export async function appAt(database: Database, org: string, host: string): Promise<AppRow | undefined> {
  const [, label, domain] = /^([^.]+)\.(.+)$/.exec(host) ?? [];
  if (!label) return undefined;
  const rows = await readApps(database, org, [{ sql: "t.host = $?", values: [label] }]);
  return rows.find(({ apps_domain: own }) => own === domain);
}

/**
 * Where there is no such app the answer is the same as where it is another project's, but to whoever may reach all.
 * @throws ConnectError unauthenticated where the caller is there no more; unavailable where nobody can say.
 */
export async function mayReach(
  { authorize, audit }: Pick<Call, "authorize" | "audit">,
  identified: Identified,
  { host, app, requestId }: { host: string; app: AppRow | undefined; requestId?: string },
): Promise<"allowed" | "forbidden" | "unknown"> {
  const { org } = identified;
  const { project, domain, name } = app ?? { project: "", domain: "", name: host.slice(0, 253) };
  const message = create(IdentifierSchema, { org, project, domain, name });
  const header = new Headers(requestId === undefined ? {} : { "x-request-id": requestId });
  const { typeName: service } = AppAccessService;
  try {
    await admit({ authorize, audit, rule: reaching, identified, service, method: "CheckAccess", header }, message);
  } catch (error) {
    if (ConnectError.from(error).code === Code.PermissionDenied) return "forbidden";
    throw error;
  }
  return app ? "allowed" : "unknown";
}
