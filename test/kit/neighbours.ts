/**
 * One region with two customers, each in its own account: acme by BYOC with everything made here, globex self-managed on
 * a network and a cluster that it had before. The stacks are the repository's own, the engine is the real one.
 */
import * as aws from "@pulumi/aws";
import type { z } from "zod";
import { Cluster } from "../../components/cluster/aws.ts";
import { EncryptionKey } from "../../components/encryption/aws.ts";
import { logGroupsOf } from "../../components/encryption/key-statements.ts";
import { Network } from "../../components/network/aws.ts";
import { flowLogGroup } from "../../components/network/flow-logs.ts";
import { planNetwork } from "../../components/network/plan.ts";
import type { StackRun } from "../../sandbox/engine/index.ts";
import type { Place, Places } from "../../sandbox/engine/testing/places.ts";
import type { regionOutputs } from "../../stacks/outputs.ts";

export const accounts = { region: "111111111111", acme: "222222222222", globex: "333333333333" };
export type Neighbours = Places<"region" | "europe" | "acme" | "globex">;
export const placeSpecs = {
  region: { account: accounts.region, database: true },
  europe: { account: accounts.region, region: "eu-west-1", database: true },
  acme: { account: accounts.acme },
  globex: { account: accounts.globex },
};

const here = "us-east-2";
export const operatorOf = (account: string) => `arn:aws:iam::${account}:role/operator`;
const accessOf = (account: string) => [
  { name: "operator", principalArn: operatorOf(account), access: "cluster-admin" as const },
];
/** The vendor's one way into acme's account, and what only that way carries. */
export const vendor = { principal: operatorOf(accounts.region), externalId: "6b0c3a1e-8f57-4d53-acme" };
const services = `registry.test/biplane/services@sha256:${"a".repeat(64)}`;
const dataProtection = "off";

/** What one stack's outputs say to the next one's configuration. */
export interface Told {
  link?: { serviceName: string; apiHost: string };
  acceptedEndpoints?: string[];
}

export function acmeBase({ at }: Neighbours, { acceptedEndpoints = [] }: Told = {}): StackRun {
  return at.acme.stack("customer-acme-base", {
    ...{ shape: "customer", phase: "base", model: "byoc", org: "acme", cluster: "main", region: here, dataProtection },
    kubernetes: { access: accessOf(accounts.acme) },
    management: { principals: [vendor.principal], externalId: vendor.externalId },
    privateLink: { principals: [vendor.principal], acceptedEndpoints },
  });
}

export function regionStack({ at }: Neighbours, name: "region" | "europe", { link }: Told = {}): StackRun {
  const region = name === "europe" ? "eu-west-1" : here;
  const tenants = [
    { org: "acme", cluster: "main", egress: ["203.0.113.7/32"] },
    { org: "globex", cluster: "main", egress: ["203.0.113.8/32"] },
  ];
  return at[name].stack(`region-${region}`, {
    ...{ shape: "region", region, dataProtection, replicas: 1, tenants },
    endpoint: `${region}.biplane.test`,
    relayHost: `relay.${region}.biplane.test`,
    kubernetes: { access: accessOf(accounts.region) },
    backups: { copyRegion: region === here ? "us-west-2" : "eu-central-1" },
    edge: { zoneId: "biplane.test", zone: region === here ? "own" : "shared" },
    images: { services },
    ...(link ? { clusterLinks: [{ org: "acme", cluster: "main", ...link }] } : {}),
  });
}

type Tenants = z.infer<typeof regionOutputs>["tenants"];

export function workloads(
  place: Place,
  org: "acme" | "globex",
  tenants: Tenants,
  changes: Record<string, unknown> = {},
): StackRun {
  const { registrationToken, dataPlaneClientSecret } = tenants[org] ?? {};
  if (!registrationToken || !dataPlaneClientSecret) throw new Error(`the region expects no cluster of ${org}`);
  const config = {
    ...{ shape: "customer", phase: "workloads", org, cluster: "main", region: here, dataProtection, replicas: 1 },
    ...(org === "acme"
      ? { model: "byoc", link: "private-link" }
      : { model: "self-managed", link: "inside", clusterName: "globex" }),
    controlPlaneHost: `${here}.biplane.test`,
    images: { services },
    projects: ["development", "production"].map((domain) => ({ project: "demo", domain })),
    isolation: org === "acme" ? "project" : "shared",
    ...changes,
  };
  return place.stack(`customer-${org}`, config, {
    secrets: { "biplane:registrationToken": registrationToken, "biplane:dataPlaneClientSecret": dataPlaneClientSecret },
  });
}

/** What globex had before it heard of us: a network and a cluster, made by its own people. */
export function ownedByGlobex({ at }: Neighbours): StackRun {
  const name = "globex";
  const program = async () => {
    const opts = { providers: [new aws.Provider("aws", { region: here })] };
    const zones = ["a", "b", "c"].map((letter) => `${here}${letter}`);
    const shared = { region: here, account: accounts.globex, dataProtection: false, tags: { owner: "globex" } };
    const statements = [logGroupsOf(accounts.globex, here, [flowLogGroup(name)])];
    const { arn: keyArn } = new EncryptionKey(`${name}-logs`, { ...shared, description: "Logs", statements }, opts);
    const plan = planNetwork("10.60.0.0/16", zones);
    const network = new Network(name, { ...shared, plan, natGateways: "one", flowLogs: { keyArn } }, opts);
    const nodeSubnets = network.privateSubnetIds.map((subnetId, zone) => ({ zone: zones[zone] ?? "", subnetId }));
    const subnetIds = network.clusterSubnetIds;
    const access = accessOf(accounts.globex);
    new Cluster(name, { ...shared, subnetIds, nodeSubnets, access, autoscaling: "off" }, opts);
    const { vpcId, publicSubnetIds, privateSubnetIds, clusterSubnetIds } = network;
    return { network: { vpcId, publicSubnetIds, privateSubnetIds, clusterSubnetIds } };
  };
  return at.globex.stack("globex-own", {}, { program });
}

/** @param cluster `owned`: the one that globex has. `made`: a second one of ours, in globex's network */
export function globexBase({ at }: Neighbours, network: unknown, cluster: "owned" | "made"): StackRun {
  const named = { owned: { cluster: "main", clusterName: "globex" }, made: { cluster: "second" } }[cluster];
  return at.globex.stack(`customer-globex-base-${cluster}`, {
    ...{ shape: "customer", phase: "base", model: "self-managed", org: "globex", region: here, dataProtection },
    ...named,
    network: { existing: network },
    kubernetes: cluster === "owned" ? { existing: true, access: [] } : { access: accessOf(accounts.globex) },
  });
}
