/** Starts the identity provider that stands where Okta stands, at https://login.biplane.test (behind the front). */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Sandbox } from "../context.ts";
import { names } from "../hosts.ts";
import type { Paths } from "../paths.ts";
import { ensureProcess } from "../processes.ts";
import { cloudNamespace, ports } from "./addresses.ts";
import type { LoginConfig } from "./login-main.ts";
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
