/** Files for people, tests and the real client, made from the stacks' secret outputs; all of mode 0600. */
import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { type Identity, identitySchema } from "./environment.ts";
import type { Paths } from "./paths.ts";
import { local } from "./stacks.ts";

const tenantSecretsSchema = z.record(
  z.string(),
  z.looseObject({
    clientId: z.string(),
    clientSecret: z.string(),
    applications: z.array(
      z.object({ clientId: z.string(), clientSecret: z.string(), role: identitySchema.shape.role }),
    ),
    dataPlaneClientSecret: z.string().optional(),
    registrationToken: z.string().optional(),
    appsTunnelToken: z.string().optional(),
  }),
);

export type TenantSecrets = z.infer<typeof tenantSecretsSchema>[string];

/** The region stack's secret outputs, by organisation. */
export function tenantSecrets(outputs: Record<string, unknown>): Map<string, TenantSecrets> {
  return new Map(Object.entries(tenantSecretsSchema.parse(outputs.tenants)));
}

/** What the customer's stack is handed by the region's. */
export function planeSecrets(tenants: Map<string, TenantSecrets>): Record<string, string> {
  const { registrationToken, dataPlaneClientSecret, appsTunnelToken } = secretsOf(tenants, local.org);
  if (!registrationToken || !dataPlaneClientSecret)
    throw new Error(`the region stack expects no cluster of ${local.org}`);
  return {
    "biplane:registrationToken": registrationToken,
    "biplane:dataPlaneClientSecret": dataPlaneClientSecret,
    ...(appsTunnelToken ? { "biplane:appsTunnelToken": appsTunnelToken } : {}),
  };
}

function secretsOf(tenants: Map<string, TenantSecrets>, org: string): TenantSecrets {
  const secrets = tenants.get(org);
  if (!secrets) throw new Error(`the region stack has no output for the organisation ${org}`);
  return secrets;
}

const verifierSchema = z.looseObject({
  databaseVerifier: z.strictObject({
    host: z.string(),
    port: z.int(),
    database: z.string(),
    user: z.string(),
    password: z.string(),
  }),
});

export type VerifierLogin = z.infer<typeof verifierSchema>["databaseVerifier"];

/** The region stack's secret output for whoever verifies its database. */
export function verifierLogin(outputs: Record<string, unknown>): VerifierLogin {
  return verifierSchema.parse(outputs).databaseVerifier;
}

/** @returns the login with its password's file in the password's place. */
export function writeVerifierLogin(paths: Paths, { password, ...login }: VerifierLogin) {
  mkdirSync(paths.credentials, { recursive: true, mode: 0o700 });
  return { ...login, passwordFile: writePrivate(join(paths.credentials, "database-verifier-password"), password) };
}

export interface CredentialFiles {
  apiKeyFile: string;
  clientSecretFile: string;
  clientConfigFile: string;
  clientId: string;
  /** Everybody who can sign in, of every organisation. */
  identities: Identity[];
}

/** @param tenants the region's secrets; the first files are those of the organisation that owns the compute plane. */
export function writeCredentials(paths: Paths, tenants: Map<string, TenantSecrets>): CredentialFiles {
  mkdirSync(paths.credentials, { recursive: true, mode: 0o700 });
  const file = (name: string, content: string) => writePrivate(join(paths.credentials, name), content);
  const { org, project, domain, endpoint } = local;
  const secrets = secretsOf(tenants, org);
  const clientSecretFile = file("client-secret", secrets.clientSecret);
  // The client splits a key at its first three colons: the endpoint must be a bare host.
  const key = Buffer.from([endpoint, secrets.clientId, secrets.clientSecret, org].join(":")).toString("base64");
  const configuration = {
    admin: {
      endpoint: `dns:///${endpoint}`,
      authType: "ClientSecret",
      clientId: secrets.clientId,
      clientSecretLocation: clientSecretFile,
    },
    task: { org, project, domain },
  };
  return {
    apiKeyFile: file("api-key", key),
    clientSecretFile,
    clientConfigFile: file("flyte.yaml", stringify(configuration)),
    clientId: secrets.clientId,
    identities: [...tenants].flatMap(([of, { clientId, clientSecret, applications }]) =>
      [{ role: "admin" as const, clientId, clientSecret }, ...applications].map((one) => ({
        org: of,
        role: one.role,
        clientId: one.clientId,
        clientSecretFile: file(`client-secret-${one.clientId}`, one.clientSecret),
      })),
    ),
  };
}

function writePrivate(path: string, content: string): string {
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
  return path;
}
