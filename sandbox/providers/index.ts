/** The sandbox's providers, served for one stack: one account, one cluster. The engine attaches to them by their ports. */
import { delimiter, dirname } from "node:path";
import type { Sandbox } from "../context.ts";
import { accounts, type Plane } from "../hosts.ts";
import { type AccountName, openCloud } from "./aws/cloud.ts";
import { awsPackage } from "./aws/index.ts";
import { localBacking } from "./aws/local.ts";
import { azurePackage } from "./azure/index.ts";
import { operatorEnvironment as azureEnvironment, localCluster as localAks, signedIn } from "./azure/local.ts";
import { cloudflarePackage } from "./cloudflare/index.ts";
import { gcpPackage } from "./gcp/index.ts";
import { operatorEnvironment as googleEnvironment, localAccounts, localCluster } from "./gcp/local.ts";
import { kubernetesPackage } from "./kubernetes/index.ts";
import type { Package } from "./machine/resource.ts";
import { serve } from "./machine/server.ts";
import { randomPackage } from "./random/index.ts";
import { tlsPackage } from "./tls/index.ts";

export interface Providers {
  packages: readonly Package[];
  /** Value of PULUMI_DEBUG_PROVIDERS: `aws:PORT,kubernetes:PORT,…`. */
  addresses: string;
  close(): void;
}

export async function startProviders(sandbox: Sandbox, account: AccountName, plane: Plane): Promise<Providers> {
  return serveAll([
    awsPackage(openCloud(accounts[account], localBacking(sandbox.paths, account, plane))),
    kubernetesPackage(operatorEnvironment(sandbox, account)),
    cloudflarePackage(sandbox.paths),
    randomPackage(),
    tlsPackage(),
  ]);
}

/** For the customer's stacks in Google Cloud: its one project and its cluster. */
export function startGoogleProviders({ paths }: Sandbox): Promise<Providers> {
  return startElsewhere(gcpPackage(paths, localCluster(paths), localAccounts(paths)), googleEnvironment(paths));
}

/** For the customer's stacks in Azure: its one subscription and its cluster. */
export function startAzureProviders({ paths }: Sandbox): Promise<Providers> {
  return startElsewhere(
    azurePackage(paths, localAks(paths), () => signedIn(paths)),
    azureEnvironment(paths),
  );
}

function startElsewhere(cloud: Package, operator: Record<string, string>): Promise<Providers> {
  return serveAll([cloud, kubernetesPackage(operator), randomPackage(), tlsPackage()]);
}

export async function serveAll(packages: readonly Package[]): Promise<Providers> {
  const served = await Promise.all(packages.map(serve));
  return {
    packages,
    addresses: packages.map(({ name }, index) => `${name}:${served[index]?.port}`).join(","),
    close() {
      for (const each of served) each.close();
    },
  };
}

/** What an operator's shell has when `aws eks get-token` asks for a cluster's token. */
function operatorEnvironment({ paths, tools }: Sandbox, account: AccountName): Record<string, string> {
  const bin = dirname(tools.python.cloud);
  return {
    PATH: [bin, process.env.PATH ?? ""].join(delimiter),
    AWS_CONFIG_FILE: `${paths.credentials}/aws-config`,
    AWS_SHARED_CREDENTIALS_FILE: `${paths.credentials}/aws-credentials`,
    AWS_PROFILE: `biplane-${account}`,
  };
}
