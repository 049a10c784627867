/**
 * The whole local run, up and down. Every step finds what is there and adds what is missing, so a killed `up` is run
 * again; `down` needs nothing of what `up` remembered.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { checkout } from "../cli/context.ts";
import { UserError } from "../shared/errors.ts";
import customerOrRegion from "../stacks/index.ts";
import {
  ensureCloud,
  loginPeople,
  loginStaff,
  profileFiles,
  profileOf,
  regionClientSecret,
  removeCloud,
} from "./cloud/index.ts";
import type { Sandbox, Toolchain } from "./context.ts";
import { planeSecrets, tenantSecrets, verifierLogin, writeCredentials, writeVerifierLogin } from "./credentials.ts";
import { removeMachineHosts, restoreMachineHosts } from "./dns.ts";
import { ensureEdge, originPull, removeEdge } from "./edge/index.ts";
import { begunWith, enforcingPart, writeEnforcement } from "./enforcement.ts";
import { upStack } from "./engine/index.ts";
import { type Environment, writeEnvironment } from "./environment.ts";
import {
  chooseClusters,
  ensureGiven,
  type GivenPlanes,
  probeGiven,
  readRecord,
  recordChoice,
  removeFromCluster,
} from "./given/index.ts";
import { awsRegion, names, type Plane } from "./hosts.ts";
import { ensureImages } from "./images/index.ts";
import { chooseModel, type Model, type ModelRecord, writeModel } from "./model.ts";
import { ensureNetwork, removeNetwork } from "./network/index.ts";
import { ensureNode, removeNode } from "./node/index.ts";
import type { Paths } from "./paths.ts";
import { ensureAuthority } from "./pki.ts";
import { recordedProcesses, stopProcess } from "./processes.ts";
import { customerBaseConfig, customerConfig, type Images, type LinkService, local, regionConfig } from "./stacks.ts";
import { ensureToolchain, locateToolchain, type Progress, readyParts } from "./toolchain/index.ts";
import { withLock } from "./toolchain/lock.ts";

const everyStack = { program: customerOrRegion, policyPack: join(checkout, "policies") };
const planes: Plane[] = ["region", "customer"];
export const localRunSteps = {
  network: "network",
  cloud: "cloud, edge and two Kubernetes nodes",
  images: "images",
  region: "stack of the region, base of the customer",
  customer: "stack of the customer",
};

export interface LocalRun {
  environment: Environment;
  /** How many resources of each kind of change; `same` counts those without one. */
  changes: Record<"region" | "customerBase" | "customer", Record<string, number>>;
}

export interface Choices {
  /** Files of clusters that exist, for the planes that shall have no node of their own. @default none */
  kubeconfigs?: Partial<Record<Plane, string>>;
  /** Who operates the customer's plane. @default self-managed */
  model?: Model;
  /** Extended parts of the toolchain to be built first; those that are in the cache are used anyway. @default none */
  also?: string[];
}

/** @param choices what is left out stays as the run has begun */
export function bringUp(
  paths: Paths,
  progress: Progress,
  { kubeconfigs = {}, model, also }: Choices = {},
): Promise<LocalRun> {
  return exclusive(paths, progress, async () => {
    const operated = chooseModel(paths, model);
    const begun = begunWith(paths, also);
    const given = await chooseClusters(paths, kubeconfigs);
    const tools = await ensureToolchain(paths, progress, also);
    const parts = readyParts(paths);
    const enforced = begun ?? parts.includes(enforcingPart);
    mkdirSync(paths.state, { recursive: true, mode: 0o711 });
    recordChoice(paths, given);
    writeModel(paths, operated);
    writeEnforcement(paths, enforced);
    restoreMachineHosts(paths);
    progress.plan(Object.values(localRunSteps));
    const step = <T>(title: string, run: (sandbox: Sandbox) => Promise<T>) =>
      progress.step(title, (report) => run({ paths, tools, progress: report }));

    await step(localRunSteps.network, (sandbox) => ensureNetwork(sandbox, given.customer?.survey.apiPort));
    await step(localRunSteps.cloud, (sandbox) => startMachines(sandbox, given, enforced));
    const images = await step(localRunSteps.images, (sandbox) => ensureImages(sandbox, parts));
    for (const cluster of Object.values(given))
      await step("check of a given cluster", (sandbox) => probeGiven(sandbox, cluster, images.services));
    const around = { images, given, operated };
    const { region, base } = await step(localRunSteps.region, (sandbox) => upFoundations(sandbox, around));
    const secrets = tenantSecrets(region.outputs);
    const customer = await step(localRunSteps.customer, (sandbox) =>
      upCustomer(sandbox, around, planeSecrets(secrets)),
    );

    const files = writeCredentials(paths, secrets);
    const environment = describe(paths, tools, images, {
      ...files,
      databaseVerifier: writeVerifierLogin(paths, verifierLogin(region.outputs)),
      model: operated.model,
      outputs: {
        region: withoutSecrets(region.outputs),
        customerBase: base.outputs,
        customer: withoutSecrets(customer.outputs),
      },
      clusters: { region: given.region ? "given" : "own", customer: given.customer ? "given" : "own" },
      networkPolicy: enforced ? "enforced" : "not-enforced",
    });
    writeEnvironment(paths, environment);
    return { environment, changes: { region: region.changes, customerBase: base.changes, customer: customer.changes } };
  });
}

/**
 * Leaves nothing but the cache, from any half-made state.
 *
 * @throws UserError when something may be left in a given cluster: all else is gone then too.
 */
export function takeDown(paths: Paths, progress: Progress): Promise<void> {
  return exclusive(paths, progress, async () => {
    const tools = locateToolchain(paths);
    progress.plan(["stop and remove everything"]);
    await progress.step("stop and remove everything", async (report) => {
      const sandbox: Sandbox = { paths, tools, progress: report };
      const left = await leaveGivenClusters(sandbox);
      await Promise.all([...planes.map((plane) => removeNode(sandbox, plane)), removeEdge(sandbox)]);
      await removeCloud(sandbox);
      for (const name of recordedProcesses(paths)) await stopProcess(paths, name);
      await removeNetwork(sandbox);
      removeMachineHosts();
      rmSync(paths.state, { recursive: true, force: true });
      if (left.length > 0) throw new UserError(`All is down on this machine. ${left.join("\n")}`, { exitCode: 1 });
    });
  });
}

/** @returns what may be left in them. */
async function leaveGivenClusters({ paths, progress }: Sandbox): Promise<string[]> {
  const record = readRecord(paths) ?? {};
  const left = await Promise.all(
    planes.map(async (plane) => {
      const cluster = record[plane];
      if (!cluster) return [];
      progress(`${plane} cluster, given`);
      return (await removeFromCluster(plane, cluster)) ?? [];
    }),
  );
  return left.flat();
}

export function isUp(paths: Paths): boolean {
  return existsSync(paths.state) && readdirSync(paths.state).length > 0;
}

async function startMachines(sandbox: Sandbox, given: GivenPlanes, enforced: boolean): Promise<void> {
  await ensureAuthority(sandbox.paths);
  const cloud = ensureCloud(sandbox);
  const cluster = (plane: Plane) =>
    given[plane] ? ensureGiven(sandbox, given[plane]) : ensureNode(sandbox, plane, enforced);
  await Promise.all([cloud, ensureEdge(sandbox), ...planes.map(cluster)]);
}

interface Around {
  images: Images;
  given: GivenPlanes;
  operated: ModelRecord;
}

/**
 * Self-managed: both know nothing of each other. BYOC, in the order of decision 8: the base offers its cluster's API, the
 * region asks for an endpoint, and the base is told which one to accept.
 */
async function upFoundations(sandbox: Sandbox, around: Around) {
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

function linkServiceOf({ privateLinkService, apiHost }: Record<string, unknown>): LinkService {
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

async function upRegion(sandbox: Sandbox, { images, given }: Around, link?: LinkService) {
  const dnsServers = given.region?.survey.dnsServers;
  return upStack(sandbox, {
    ...everyStack,
    stack: local.regionStack,
    config: regionConfig({ images, originPull: await originPull(sandbox), dnsServers, link }),
    secrets: { "biplane:upstreamClientSecret": regionClientSecret(sandbox.paths) },
    account: "region",
    plane: "region",
  });
}

function upCustomerBase(sandbox: Sandbox, { model, acceptedEndpoint }: ModelRecord) {
  return upStack(sandbox, {
    ...everyStack,
    stack: local.customerBaseStack,
    config: customerBaseConfig(model, acceptedEndpoint ? [acceptedEndpoint] : []),
    secrets: {},
    account: "customer",
    plane: "customer",
  });
}

function upCustomer(sandbox: Sandbox, { images, given, operated }: Around, secrets: Record<string, string>) {
  const dnsServers = given.customer?.survey.dnsServers;
  return upStack(sandbox, {
    ...everyStack,
    stack: local.customerStack,
    config: customerConfig({ model: operated.model, images, dnsServers }),
    secrets,
    account: "customer",
    plane: "customer",
  });
}

type Made = Pick<
  Environment,
  | "apiKeyFile"
  | "clientSecretFile"
  | "clientConfigFile"
  | "clientId"
  | "identities"
  | "databaseVerifier"
  | "outputs"
  | "clusters"
  | "networkPolicy"
  | "model"
>;

function describe(paths: Paths, tools: Toolchain, images: Images, made: Made): Environment {
  const profiles = profileFiles(paths);
  const aws = (account: "region" | "customer") => ({
    endpointUrl: `https://${names.aws}`,
    region: awsRegion,
    profile: profileOf(account),
    configFile: profiles.config,
    credentialsFile: profiles.credentials,
  });
  const { org, project, domain, endpoint } = local;
  return {
    endpoint,
    caFile: join(paths.pki, "ca.crt"),
    org,
    project,
    domain,
    ...made,
    people: loginPeople(paths),
    staff: loginStaff(paths),
    kubeconfigs: {
      region: join(paths.credentials, "kubeconfig-region"),
      customer: join(paths.credentials, "kubeconfig-customer"),
    },
    aws: aws("customer"),
    awsRegionAccount: aws("region"),
    taskImage: images.task,
    servicesImage: images.services,
    python: tools.python.client,
    toolPath: [...new Set(["kubectl", "aws"].map((name) => dirname(tools.bin(name))))],
  };
}

function withoutSecrets(outputs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs).filter(([name]) => name !== "tenants" && name !== "databaseVerifier"),
  );
}

/** One `up` or `down` at a time on this machine. */
function exclusive<T>(paths: Paths, progress: Progress, work: () => Promise<T>): Promise<T> {
  const waiting = () => progress.note("Another biplane brings planes up or down here; waiting for it.");
  return withLock(join(paths.cache, "local-run.lock"), waiting, work);
}
