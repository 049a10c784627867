/**
 * The local cloud: what stands where AWS, RDS, ECR and Okta stand, in the network namespace of the host `cloud`.
 * Everything is started together; only the object store's IAM has to come before the front, which needs its keys.
 */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import type { Sandbox } from "../context.ts";
import { recordsOf, setRecords } from "../dns.ts";
import { ecrHost, names, network } from "../hosts.ts";
import type { Cloud } from "../model.ts";
import type { Paths } from "../paths.ts";
import { ensureAuthority, ensureLeaf, type KeyPairFiles } from "../pki.ts";
import { stopProcess } from "../processes.ts";
import { cloudAddress } from "./addresses.ts";
import { azureObjectsProcess, startAzure } from "./azure/store.ts";
import { startDatabase, stopDatabase } from "./database.ts";
import { emulatorProcess, startEmulator } from "./emulator.ts";
import { frontProcess, startFront } from "./front.ts";
import { googleObjectsProcess, startGoogle } from "./google/store.ts";
import { loginProcess, startLogin } from "./login.ts";
import { judgeProcess, objectsProcess, startObjectStore } from "./object-store.ts";
import { ensureOperators } from "./operators.ts";
import { registryProcess, startRegistry } from "./registry.ts";

export { azureOperatorToken, azureScope } from "./azure/store.ts";
export { operatorClient } from "./client.ts";
export { cloudflareToken } from "./cloudflare/config.ts";
export { databaseAdmin } from "./database.ts";
export { operatorToken } from "./google/store.ts";
export { type LoginClient, loginClient, loginPeople, loginStaff, regionClientSecret } from "./login.ts";
export { type Judge, judge } from "./object-store.ts";
export { profileFiles, profileOf } from "./operators.ts";

const servedNames = [
  names.aws,
  names.google,
  names.azure,
  names.cloudflare,
  names.database,
  names.registry,
  names.login,
  names.packages,
  ecrHost,
  names.oidc("region"),
  names.oidc("customer"),
];

/** @param cloud where the customer's plane stands; the region stands in AWS */
export async function ensureCloud(sandbox: Sandbox, cloud: Cloud): Promise<void> {
  sandbox.progress("cloud");
  const { paths } = sandbox;
  // The database's own user must reach its folder beneath; what is secret is mode 0600.
  for (const folder of [paths.state, paths.cloud]) {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o711);
  }
  mkdirSync(paths.credentials, { recursive: true, mode: 0o700 });
  // First, since importing it takes longest.
  await startEmulator(sandbox);
  const authority = await ensureAuthority(paths);
  const server = await ensureServerCertificate(paths);
  nameServices(sandbox);
  await startLogin(sandbox);
  const front = async () => {
    await startObjectStore(sandbox, server);
    const elsewhere = await startElsewhere(sandbox, cloud, { server, authority });
    await startFront(sandbox, server, authority, await ensureOperators(paths), elsewhere);
  };
  await Promise.all([front(), startDatabase(sandbox, server), startRegistry(sandbox)]);
}

async function startElsewhere(
  sandbox: Sandbox,
  cloud: Cloud,
  { server, authority }: { server: KeyPairFiles; authority: KeyPairFiles },
) {
  switch (cloud) {
    case "aws":
      return {};
    case "gcp":
      return { google: await startGoogle(sandbox) };
    case "azure":
      return { azure: await startAzure(sandbox, server, authority) };
  }
}

const ensureServerCertificate = (paths: Paths) =>
  ensureLeaf(paths, { name: "cloud", dns: servedNames, addresses: [cloudAddress, "127.0.0.1"] });

/** As RDS does it for a patch: its sessions end, what was committed stays. */
export async function restartDatabase(paths: Paths): Promise<void> {
  await stopDatabase(paths);
  await startDatabase({ paths }, await ensureServerCertificate(paths));
}

/** Stops all of it and removes what it stored; images stay in the cache. */
export async function removeCloud(sandbox: Sandbox): Promise<void> {
  sandbox.progress("cloud");
  const { paths } = sandbox;
  const stores = [
    objectsProcess,
    judgeProcess,
    emulatorProcess,
    registryProcess,
    googleObjectsProcess,
    azureObjectsProcess,
  ];
  const processes = [frontProcess, loginProcess, ...stores];
  await Promise.all([...processes.map((name) => stopProcess(paths, name)), stopDatabase(paths)]);
  if (Object.keys(recordsOf(paths, "cloud")).length > 0) setRecords(paths, "cloud", {});
  rmSync(paths.cloud, { recursive: true, force: true });
}

function nameServices({ paths }: Sandbox): void {
  const wanted = Object.fromEntries([
    ...servedNames.map((name) => [name, cloudAddress]),
    ...(["region", "customer"] as const).map((plane) => [names.api(plane), network.hosts[plane].address]),
  ]);
  // Rewriting the hosts files wakes every cluster's DNS.
  if (JSON.stringify(recordsOf(paths, "cloud")) !== JSON.stringify(wanted)) setRecords(paths, "cloud", wanted);
}
