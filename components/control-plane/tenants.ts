import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

export interface Tenant {
  org: string;
  cluster: string;
}

/** What a customer is handed once: its first administrator, and what its compute plane joins with. */
export interface TenantCredentials extends Tenant {
  clientId: string;
  clientSecret: pulumi.Output<string>;
  dataPlaneClientId: string;
  dataPlaneClientSecret: pulumi.Output<string>;
  registrationToken: pulumi.Output<string>;
}

/** 43 letters and digits hold 256 bits, and none of them ends a field of the API key. */
const secretLength = 43;

/** The application that task pods act as; both shapes know it by this rule. */
export function taskClientId(org: string): string {
  return `${org}-tasks`;
}

export function createTenantCredentials({ org, cluster }: Tenant, parent?: pulumi.Resource): TenantCredentials {
  const secret = (role: string) =>
    new random.RandomPassword(`tenant-${org}-${role}`, { length: secretLength, special: false }, { parent }).result;
  return {
    org,
    cluster,
    clientId: `${org}-admin`,
    clientSecret: secret("admin"),
    dataPlaneClientId: taskClientId(org),
    dataPlaneClientSecret: secret("tasks"),
    registrationToken: secret(`${cluster}-registration`),
  };
}

/** The services' `bootstrap.json`: who exists, with hashes in place of secrets, so that no service could leak one. */
export function renderBootstrap(tenants: TenantCredentials[]): pulumi.Output<string> {
  const known = tenants.map(({ clientSecret, dataPlaneClientSecret, registrationToken, ...plain }) =>
    pulumi
      .all([clientSecret, dataPlaneClientSecret, registrationToken])
      .apply(([admin, task, registration]) => ({ ...plain, admin, task, registration })),
  );
  return pulumi.all(known).apply((all) =>
    JSON.stringify({
      applications: all.flatMap(({ org, clientId, dataPlaneClientId, admin, task }) => [
        { org, clientId, secretSha256: sha256(admin), role: "admin" },
        { org, clientId: dataPlaneClientId, secretSha256: sha256(task), role: "task" },
      ]),
      registrations: all.map(({ org, cluster, registration }) => ({ org, cluster, tokenSha256: sha256(registration) })),
    }),
  );
}

function sha256(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}
