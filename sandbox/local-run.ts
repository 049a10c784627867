/**
 * The whole local run, up and down. Every step finds what is there and adds what is missing, so a killed `up` is run
 * again; `down` needs nothing of what `up` remembered.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkout } from "../cli/context.ts";
import { UserError } from "../shared/errors.ts";
import customerOrRegion from "../stacks/index.ts";
import { ensureCloud, profileFiles, profileOf, removeCloud } from "./cloud/index.ts";
import type { Sandbox, Toolchain } from "./context.ts";
import { tenantSecrets, verifierLogin, writeCredentials, writeVerifierLogin } from "./credentials.ts";
import { removeMachineHosts, restoreMachineHosts } from "./dns.ts";
import { ensureEdge, originPull, removeEdge } from "./edge/index.ts";
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
import { ensureNetwork, removeNetwork } from "./network/index.ts";
import { ensureNode, removeNode } from "./node/index.ts";
import type { Paths } from "./paths.ts";
import { ensureAuthority } from "./pki.ts";
import { recordedProcesses, stopProcess } from "./processes.ts";
import { customerBaseConfig, customerConfig, type Images, local, regionConfig } from "./stacks.ts";
import { ensureToolchain, locateToolchain, type Progress } from "./toolchain/index.ts";
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

/**
 * @param kubeconfigs files of clusters that exist, for the planes that shall have no node of their own. @default those
 * that the run has begun with
 */
export function bringUp(
  paths: Paths,
  progress: Progress,
  kubeconfigs: Partial<Record<Plane, string>> = {},
): Promise<LocalRun> {
  return exclusive(paths, progress, async () => {
    const given = await chooseClusters(paths, kubeconfigs);
    const tools = await ensureToolchain(paths, progress);
    mkdirSync(paths.state, { recursive: true, mode: 0o711 });
    recordChoice(paths, given);
    restoreMachineHosts(paths);
    progress.plan(Object.values(localRunSteps));
    const step = <T>(title: string, run: (sandbox: Sandbox) => Promise<T>) =>
      progress.step(title, (report) => run({ paths, tools, progress: report }));

    await step(localRunSteps.network, (sandbox) => ensureNetwork(sandbox, given.customer?.survey.apiPort));
    await step(localRunSteps.cloud, (sandbox) => startMachines(sandbox, given));
    const images = await step(localRunSteps.images, ensureImages);
    for (const cluster of Object.values(given))
      await step("check of a given cluster", (sandbox) => probeGiven(sandbox, cluster, images.services));
    const [region, base] = await step(localRunSteps.region, (sandbox) =>
      Promise.all([upRegion(sandbox, images, given), upCustomerBase(sandbox)]),
    );
    const secrets = tenantSecrets(region.outputs, local.org);
    const customer = await step(localRunSteps.customer, (sandbox) => upCustomer(sandbox, images, given, secrets));

    const files = writeCredentials(paths, secrets);
    const environment = describe(paths, tools, images, {
      ...files,
      clientId: secrets.clientId,
      databaseVerifier: writeVerifierLogin(paths, verifierLogin(region.outputs)),
      outputs: { region: withoutSecrets(region.outputs), customer: withoutSecrets(customer.outputs) },
      clusters: { region: given.region ? "given" : "own", customer: given.customer ? "given" : "own" },
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

async function startMachines(sandbox: Sandbox, given: GivenPlanes): Promise<void> {
  await ensureAuthority(sandbox.paths);
  const cloud = ensureCloud(sandbox);
  const cluster = (plane: Plane) => (given[plane] ? ensureGiven(sandbox, given[plane]) : ensureNode(sandbox, plane));
  await Promise.all([cloud, ensureEdge(sandbox), ...planes.map(cluster)]);
}

async function upRegion(sandbox: Sandbox, images: Images, given: GivenPlanes) {
  return upStack(sandbox, {
    ...everyStack,
    stack: local.regionStack,
    config: regionConfig(images, await originPull(sandbox), given.region?.survey.dnsServers),
    secrets: {},
    account: "region",
    plane: "region",
  });
}

function upCustomerBase(sandbox: Sandbox) {
  return upStack(sandbox, {
    ...everyStack,
    stack: local.customerBaseStack,
    config: customerBaseConfig(),
    secrets: {},
    account: "customer",
    plane: "customer",
  });
}

function upCustomer(sandbox: Sandbox, images: Images, given: GivenPlanes, secrets: ReturnType<typeof tenantSecrets>) {
  return upStack(sandbox, {
    ...everyStack,
    stack: local.customerStack,
    config: customerConfig(images, given.customer?.survey.dnsServers),
    secrets: {
      "biplane:registrationToken": secrets.registrationToken,
      "biplane:dataPlaneClientSecret": secrets.dataPlaneClientSecret,
    },
    account: "customer",
    plane: "customer",
  });
}

type Made = Pick<
  Environment,
  "apiKeyFile" | "clientSecretFile" | "clientConfigFile" | "clientId" | "databaseVerifier" | "outputs" | "clusters"
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
    identities: [{ org, role: "admin", clientId: made.clientId, clientSecretFile: made.clientSecretFile }],
    kubeconfigs: {
      region: join(paths.credentials, "kubeconfig-region"),
      customer: join(paths.credentials, "kubeconfig-customer"),
    },
    aws: aws("customer"),
    awsRegionAccount: aws("region"),
    taskImage: images.task,
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
