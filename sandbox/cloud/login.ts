/** Starts the identity provider that stands where Okta stands, at https://login.biplane.test (behind the front). */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Sandbox } from "../context.ts";
import type { Person, Staff } from "../environment.ts";
import { names } from "../hosts.ts";
import type { Paths } from "../paths.ts";
import { ensureProcess } from "../processes.ts";
import { groupOf, local, regionClientId, staffGroup } from "../stacks.ts";
import { cloudNamespace, ports } from "./addresses.ts";
import type { LoginConfig } from "./login-provider.ts";
import { ensureSecret, writePrivate } from "./secret-file.ts";

export const loginProcess = "cloud-login";

/** Organisations that have an application registered with the provider. */
export const loginOrganisations = ["acme"];

export interface LoginClient {
  issuer: string;
  clientId: string;
  /** Mode 0600. */
  clientSecretFile: string;
}

/** The application of an organisation: client credentials, answered with a JWT that has the claim `org`. */
export function loginClient(paths: Paths, org: string): LoginClient {
  return {
    issuer: `https://${names.login}`,
    clientId: `${org}-application`,
    clientSecretFile: join(paths.credentials, `login-${org}`),
  };
}

/** In each organisation as many as there are roles; the groups by which the region knows them are in its configuration. */
export function loginPeople(paths: Paths): Person[] {
  return [local.org, local.stranger].flatMap((org) =>
    (["admin", "contributor", "viewer"] as const).map((role) => {
      const email = `${role}@${org}.test`;
      return { org, role, email, passwordFile: join(paths.credentials, `password-${email}`) };
    }),
  );
}

export function loginStaff(paths: Paths): Staff {
  const email = "staff@biplane.test";
  return { email, passwordFile: join(paths.credentials, `password-${email}`) };
}

/** The region's application at the provider. */
export function regionClientSecret(paths: Paths): string {
  return ensureSecret(join(paths.cloud, "login", "region-secret"));
}

export async function startLogin({ paths }: Sandbox): Promise<void> {
  const configuration: LoginConfig = {
    issuer: `https://${names.login}`,
    port: ports.login,
    cookieSecret: ensureSecret(join(paths.cloud, "login", "cookie-secret")),
    audience: `https://${names.login}`,
    keysFile: join(paths.cloud, "login", "keys.json"),
    clients: loginOrganisations.map((org) => {
      const { clientId, clientSecretFile } = loginClient(paths, org);
      return { org, clientId, clientSecret: ensureSecret(clientSecretFile) };
    }),
    region: {
      clientId: regionClientId,
      clientSecret: regionClientSecret(paths),
      redirectUri: `https://${local.endpoint}/oauth2/v1/callback`,
    },
    people: [
      ...loginPeople(paths).map(({ org, role, ...person }) => ({ ...person, group: groupOf(org, role) })),
      { ...loginStaff(paths), group: staffGroup },
    ].map(({ email, passwordFile, group }) => ({ email, groups: [group], password: ensureSecret(passwordFile) })),
  };
  const file = join(paths.cloud, "login", "config.json");
  writePrivate(file, JSON.stringify(configuration));
  await ensureProcess(paths, {
    name: loginProcess,
    namespace: cloudNamespace,
    command: process.execPath,
    args: [fileURLToPath(new URL("./login-main.ts", import.meta.url)), file],
  });
}
