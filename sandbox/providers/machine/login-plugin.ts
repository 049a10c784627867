/** A stand-in for the program that a kubeconfig asks for a login, on the PATH of whoever deploys. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * @param folder made for it
 * @param tokenFile the operator's access token, which is the login: nothing secret is in the program
 */
export function loginEnvironment(folder: string, name: string, tokenFile: string): Record<string, string> {
  const program = join(folder, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(program, plugin(tokenFile));
  chmodSync(program, 0o700);
  return { PATH: [folder, process.env.PATH ?? ""].join(delimiter) };
}

function plugin(tokenFile: string): string {
  const login = '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"%s"}}';
  return `#!/bin/sh\nprintf '${login}' "$(cat '${tokenFile}')"\n`;
}
