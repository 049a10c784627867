/**
 * IAM's call that makes a service account: the provider keeps the account itself (providers/gcp), and asks here first, so that
 * who made it stands in the log by the token that was brought, and the account has an id that no other has had.
 */
import { randomInt } from "node:crypto";
import type { ActivityLog, AdminCall } from "./activity.ts";
import { json, problem, type Reply } from "./answers.ts";
import type { Asked, Entries } from "./rights.ts";

export interface AccountsCall {
  method: string;
  path: string;
  body: Record<string, unknown>;
  principal: string;
  caller: AdminCall["caller"];
}

const permission = "iam.serviceAccounts.create";
const idOf = /^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$/;

/** @returns undefined for another call */
export function makeAccount(
  { method, path, body, principal, caller }: AccountsCall,
  entries: Entries,
  allowed: (asked: Omit<Asked, "principal">) => boolean,
  log: ActivityLog,
): Reply | undefined {
  const project = method === "POST" ? /^\/v1\/projects\/([^/:]+)\/serviceAccounts$/.exec(path)?.[1] : undefined;
  if (project === undefined) return undefined;
  const parent = `projects/${project}`;
  const accountId = String(body.accountId ?? "");
  const email = `${accountId}@${project}.iam.gserviceaccount.com`;
  const name = `${parent}/serviceAccounts/${email}`;
  const { displayName, description } = (body.serviceAccount ?? {}) as Record<string, unknown>;
  const words = { ...(displayName ? { display_name: displayName } : {}), ...(description ? { description } : {}) };
  const uniqueId = `1${Array.from({ length: 20 }, () => randomInt(10)).join("")}`;
  const record = (end: Pick<AdminCall, "response" | "status">) =>
    log.record({
      ...{ principal, permission, caller, resourceName: parent },
      ...{ serviceName: "iam.googleapis.com", methodName: "google.iam.admin.v1.CreateServiceAccount" },
      resource: {
        type: "service_account",
        labels: { project_id: project, email_id: end.response ? email : "", unique_id: end.response ? uniqueId : "" },
      },
      request: {
        "@type": "type.googleapis.com/google.iam.admin.v1.CreateServiceAccountRequest",
        ...{ name: parent, account_id: accountId, service_account: words },
      },
      ...end,
    });
  const refuse = (status: number, code: number, message: string) => {
    record({ status: { code, message } });
    return problem(status, message);
  };

  if (!allowed({ permissions: [permission], policies: [parent], name: parent }))
    return refuse(403, 7, `Permission '${permission}' denied on resource (or it may not exist).`);
  if (!idOf.test(accountId)) return refuse(400, 3, `${accountId} is no id of a service account`);
  if (entries[name]) return refuse(409, 6, `Service account ${accountId} already exists within project ${parent}.`);
  record({
    response: {
      "@type": "type.googleapis.com/google.iam.admin.v1.ServiceAccount",
      ...{ name, project_id: project, unique_id: uniqueId, email, oauth2_client_id: uniqueId, ...words },
    },
  });
  return json({ name, projectId: project, uniqueId, email, displayName, description, oauth2ClientId: uniqueId });
}
