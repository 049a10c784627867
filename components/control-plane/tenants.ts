import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { taskClientId } from "./tenant-names.ts";

export interface Tenant {
  org: string;
  /** Its compute plane. @default none: the organisation exists, and nothing of it can run */
  cluster?: string | undefined;
  /** Service accounts beside the administrator. @default none */
  applications?: TenantApplication[] | undefined;
  /** Whose groups at the identity provider belong to it. @default nobody's */
  people?: TenantPeople[] | undefined;
}

export interface TenantPeople {
  group: string;
  role: "admin" | "contributor" | "viewer" | "none";
}

export interface TenantApplication {
  /** Its client id is `<org>-<name>`. */
  name: string;
  role: "admin" | "contributor" | "viewer";
  /** Where the role holds: a domain of every project, or a project in a domain. @default everywhere */
  places?: { project?: string | undefined; domain: string }[] | undefined;
}

/** What a customer is handed once: its first administrator, its service accounts, and what its compute plane joins with. */
export interface TenantCredentials {
  org: string;
  admin: Credentials;
  applications: (Credentials & TenantApplication)[];
  people: TenantPeople[];
  plane?: PlaneCredentials;
}

interface Credentials {
  clientId: string;
  clientSecret: pulumi.Output<string>;
}

interface PlaneCredentials {
  cluster: string;
  /** The application that task pods act as. */
  tasks: Credentials;
  registrationToken: pulumi.Output<string>;
}

/** 43 letters and digits hold 256 bits, and none of them ends a field of the API key. */
const secretLength = 43;

export function createTenantCredentials(tenant: Tenant, parent?: pulumi.Resource): TenantCredentials {
  const { org, cluster, applications = [], people = [] } = tenant;
  const secret = (of: string) =>
    new random.RandomPassword(`tenant-${org}-${of}`, { length: secretLength, special: false }, { parent }).result;
  return {
    org,
    admin: { clientId: `${org}-admin`, clientSecret: secret("admin") },
    applications: applications.map((application) => ({
      ...application,
      clientId: `${org}-${application.name}`,
      clientSecret: secret(`application-${application.name}`),
    })),
    people,
    ...(cluster
      ? {
          plane: {
            cluster,
            tasks: { clientId: taskClientId(org), clientSecret: secret("tasks") },
            registrationToken: secret(`${cluster}-registration`),
          },
        }
      : {}),
  };
}

/** The region's secret output for one tenant, flat, as it is handed over. */
export function handedOver({ admin, applications, plane }: TenantCredentials) {
  return {
    ...admin,
    applications: applications.map(({ clientId, clientSecret, role }) => ({ clientId, clientSecret, role })),
    ...(plane
      ? {
          dataPlaneClientId: plane.tasks.clientId,
          dataPlaneClientSecret: plane.tasks.clientSecret,
          registrationToken: plane.registrationToken,
        }
      : {}),
  };
}

/** The services' `bootstrap.json`: who exists, with hashes in place of secrets, so that no service could leak one. */
export function renderBootstrap(tenants: TenantCredentials[]): pulumi.Output<string> {
  const applications = tenants.flatMap(({ org, admin, applications: own, plane }) => [
    application(org, admin, "admin"),
    ...own.map((one) => application(org, one, one.role, one.places)),
    ...(plane ? [application(org, plane.tasks, "task")] : []),
  ]);
  const registrations = tenants.flatMap(({ org, plane }) =>
    plane
      ? [plane.registrationToken.apply((token) => ({ org, cluster: plane.cluster, tokenSha256: sha256(token) }))]
      : [],
  );
  const people = tenants.flatMap(({ org, people }) => people.map(({ group, role }) => ({ org, group, role })));
  return pulumi
    .all([pulumi.all(applications), pulumi.all(registrations)])
    .apply(([known, expected]) => JSON.stringify({ applications: known, registrations: expected, people }));
}

function application(
  org: string,
  { clientId, clientSecret }: Credentials,
  role: TenantApplication["role"] | "task",
  places: NonNullable<TenantApplication["places"]> = [],
) {
  const placed = places.map(({ project = "", domain }) => ({ project, domain }));
  return clientSecret.apply((secret) => ({ org, clientId, secretSha256: sha256(secret), role, places: placed }));
}

function sha256(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}
