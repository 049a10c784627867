/** The stacks of a local run, each in its place: the region's in AWS, the customer's where its plane stands. */
import { join } from "node:path";
import { z } from "zod";
import { checkout } from "../cli/context.ts";
import program from "../stacks/index.ts";
import { cloudflareToken, regionClientSecret } from "./cloud/index.ts";
import type { Sandbox } from "./context.ts";
import { originPull } from "./edge/index.ts";
import { upStack } from "./engine/index.ts";
import type { GivenPlanes } from "./given/index.ts";
import { type Cloud, type ModelRecord, writeModel } from "./model.ts";
import { startAzureProviders, startGoogleProviders } from "./providers/index.ts";
import { customerBaseConfig, customerConfig, type Images, type LinkService, local, regionConfig } from "./stacks.ts";
import { azureBaseConfig, azureCustomerConfig } from "./stacks-azure.ts";
import { googleBaseConfig, googleCustomerConfig } from "./stacks-gcp.ts";

const everyStack = { program, policyPack: join(checkout, "policies") };

export interface Around {
  images: Images;
  given: GivenPlanes;
  operated: ModelRecord;
}

/** @param can what serves them is there. @returns whether the customer's cluster does */
export function servesApps(can: boolean, { given, operated }: Pick<Around, "given" | "operated">): boolean {
  return can && !given.customer && operated.cloud === "aws";
}

/**
 * Self-managed: both know nothing of each other. BYOC, in the order of decision 8: the base offers its cluster's API, the
 * region asks for an endpoint, and the base is told which one to accept.
 */
export async function upFoundations(sandbox: Sandbox, around: Around) {
  const { operated } = around;
  if (operated.model === "self-managed") {
    const [region, base] = await Promise.all([upRegion(sandbox, around), upCustomerBase(sandbox, operated)]);
    return { region, base };
  }
  const offering = await upCustomerBase(sandbox, operated);
  const region = await upRegion(sandbox, around, linkServiceOf(offering.outputs));
  const acceptedEndpoint = clusterEndpointOf(region.outputs);
  if (acceptedEndpoint === operated.acceptedEndpoint) return { region, base: offering };
  const accepting = { ...operated, acceptedEndpoint };
  const accepted = await upCustomerBase(sandbox, accepting);
  writeModel(sandbox.paths, accepting);
  return { region, base: { ...accepted, changes: joined(offering.changes, accepted.changes) } };
}

export function linkServiceOf({ privateLinkService, apiHost }: Record<string, unknown>): LinkService {
  return { serviceName: String(privateLinkService), apiHost: String(apiHost) };
}

const endpointsSchema = z.looseObject({ clusterEndpoints: z.record(z.string(), z.string()) });

function clusterEndpointOf(outputs: Record<string, unknown>): string | undefined {
  return endpointsSchema.parse(outputs).clusterEndpoints[`${local.org}/${local.cluster}`];
}

/** Of two updates, one after the other: all that was changed, and what is unchanged at the end. */
function joined(first: Record<string, number>, then: Record<string, number>): Record<string, number> {
  const kinds = new Set([...Object.keys(first), ...Object.keys(then)]);
  const sum = (kind: string) => (kind === "same" ? 0 : (first[kind] ?? 0)) + (then[kind] ?? 0);
  return Object.fromEntries([...kinds].map((kind) => [kind, sum(kind)]));
}

export async function upRegion(sandbox: Sandbox, around: Around, link?: LinkService) {
  const { images, given } = around;
  const dnsServers = given.region?.survey.dnsServers;
  const serving = servesApps(images.apps !== undefined, around);
  return upStack(sandbox, {
    ...everyStack,
    stack: local.regionStack,
    config: regionConfig({
      ...{ images, originPull: await originPull(sandbox), dnsServers, link },
      servesApps: serving,
    }),
    secrets: {
      "biplane:upstreamClientSecret": regionClientSecret(sandbox.paths),
      ...(serving ? { "biplane:tunnelReconcilerToken": cloudflareToken(sandbox.paths) } : {}),
    },
    account: "region",
    plane: "region",
  });
}

function upCustomerBase(sandbox: Sandbox, { model, cloud, acceptedEndpoint }: ModelRecord) {
  const config = {
    aws: () => customerBaseConfig(model, acceptedEndpoint ? [acceptedEndpoint] : []),
    gcp: googleBaseConfig,
    azure: azureBaseConfig,
  }[cloud]();
  return upStack(sandbox, {
    ...everyStack,
    stack: local.customerBaseStack,
    config,
    secrets: {},
    account: "customer",
    plane: "customer",
    ...customersProviders(sandbox, cloud),
  });
}

function customersProviders(sandbox: Sandbox, cloud: Cloud) {
  const start = { aws: undefined, gcp: startGoogleProviders, azure: startAzureProviders }[cloud];
  return start ? { providers: () => start(sandbox) } : {};
}

export function upCustomer(sandbox: Sandbox, { images, given, operated }: Around, secrets: Record<string, string>) {
  const dnsServers = given.customer?.survey.dnsServers;
  const config = {
    aws: () => customerConfig({ model: operated.model, images, dnsServers }),
    gcp: () => googleCustomerConfig(images),
    azure: () => azureCustomerConfig(images),
  }[operated.cloud]();
  return upStack(sandbox, {
    ...everyStack,
    stack: local.customerStack,
    config,
    secrets,
    account: "customer",
    plane: "customer",
    ...customersProviders(sandbox, operated.cloud),
  });
}
