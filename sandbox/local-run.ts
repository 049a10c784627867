/**
 * The whole local run, up and down. Every step finds what is there and adds what is missing, so a killed `up` is run
 * again; `down` needs nothing of what `up` remembered.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { refusal, UserError } from "../shared/errors.ts";
import {
  azureOperatorToken,
  ensureCloud,
  loginPeople,
  loginStaff,
  operatorToken,
  profileFiles,
  profileOf,
  removeCloud,
} from "./cloud/index.ts";
import type { Sandbox, Toolchain } from "./context.ts";
import { planeSecrets, tenantSecrets, verifierLogin, writeCredentials, writeVerifierLogin } from "./credentials.ts";
import { removeMachineHosts, restoreMachineHosts } from "./dns.ts";
import { ensureEdge, removeEdge } from "./edge/index.ts";
import { begunWith, enforcingPart, writeEnforcement } from "./enforcement.ts";
import { type Environment, publicOutputs, writeEnvironment } from "./environment.ts";
import { exclusive } from "./exclusive.ts";
import {
  chooseClusters,
  ensureGiven,
  type GivenPlanes,
  probeGiven,
  readRecord,
  recordChoice,
  removeFromCluster,
} from "./given/index.ts";
import { awsRegion, azure, google, names, type Plane } from "./hosts.ts";
import { ensureImages } from "./images/index.ts";
import { type Cloud, chooseModel, type Model, type ModelRecord, writeModel } from "./model.ts";
import { ensureNetwork, removeNetwork } from "./network/index.ts";
import { ensureNode, removeNode } from "./node/index.ts";
import type { Paths } from "./paths.ts";
import { ensureAuthority } from "./pki.ts";
import { recordedProcesses, stopProcess } from "./processes.ts";
import { type Images, local } from "./stacks.ts";
import { ensureToolchain, locateToolchain, type Progress, readyParts } from "./toolchain/index.ts";
import { type Around, servesApps, upCustomer, upFoundations } from "./up-stacks.ts";

/** Of the toolchain: what the first run in that cloud builds. */
export const partOf: Record<Cloud, string | undefined> = { aws: undefined, gcp: "gcp", azure: "azure" };
export const appsPart = "apps";
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
  /** Where the customer's plane stands. @default aws */
  cloud?: Cloud;
  /** Extended parts of the toolchain to be built first; those that are in the cache are used anyway. @default none */
  also?: string[];
}

/** @param choices what is left out stays as the run has begun */
export function bringUp(
  paths: Paths,
  progress: Progress,
  { kubeconfigs = {}, model, cloud, also: wished = [] }: Choices = {},
): Promise<LocalRun> {
  return exclusive(paths, progress, async () => {
    const operated = chooseModel(paths, { model, cloud });
    const part = partOf[operated.cloud];
    const also = part ? [...new Set([...wished, part])] : wished;
    const begun = begunWith(paths, also);
    const given = await chooseClusters(paths, kubeconfigs);
    requireOwnCluster(operated, given);
    const tools = await ensureToolchain(paths, progress, also);
    const parts = readyParts(paths);
    const enforced = begun ?? parts.includes(enforcingPart);
    const takesTunnels = servesApps(parts.includes(appsPart), { given, operated });
    mkdirSync(paths.state, { recursive: true, mode: 0o711 });
    recordChoice(paths, given);
    writeModel(paths, operated);
    writeEnforcement(paths, enforced);
    restoreMachineHosts(paths);
    progress.plan(Object.values(localRunSteps));
    const step = <T>(title: string, run: (sandbox: Sandbox) => Promise<T>) =>
      progress.step(title, (report) => run({ paths, tools, progress: report }));

    await step(localRunSteps.network, (sandbox) => ensureNetwork(sandbox, given.customer?.survey.apiPort));
    await step(localRunSteps.cloud, (sandbox) =>
      startMachines(sandbox, { given, operated }, { enforced, takesTunnels }),
    );
    const unused = takesTunnels ? [] : [appsPart];
    const images = await step(localRunSteps.images, (sandbox) => ensureImages(sandbox, parts, unused));
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
      cloud: operated.cloud,
      outputs: {
        region: publicOutputs(region.outputs),
        customerBase: base.outputs,
        customer: publicOutputs(customer.outputs),
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

/** A cluster of yours knows neither Google's metadata server of this machine's nor the token that Azure's pods trade. */
function requireOwnCluster({ cloud }: ModelRecord, { customer }: GivenPlanes): void {
  if (cloud === "aws" || !customer) return;
  const allowed =
    "aws with a cluster of yours for the customer: its pods are given no identity of another cloud's here";
  throw refusal({ subject: "--cloud", value: cloud, allowed });
}

async function startMachines(
  sandbox: Sandbox,
  { given, operated }: Pick<Around, "given" | "operated">,
  { enforced, takesTunnels }: { enforced: boolean; takesTunnels: boolean },
): Promise<void> {
  await ensureAuthority(sandbox.paths);
  const cloud = ensureCloud(sandbox, operated.cloud);
  const kind = (plane: Plane) =>
    ({ enforces: enforced, cloud: plane === "customer" ? operated.cloud : "aws" }) as const;
  const cluster = (plane: Plane) =>
    given[plane] ? ensureGiven(sandbox, given[plane]) : ensureNode(sandbox, plane, kind(plane));
  await Promise.all([cloud, ensureEdge(sandbox, takesTunnels), ...planes.map(cluster)]);
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
  | "cloud"
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
    ...(made.cloud === "gcp" ? { google: googleAccess(paths) } : {}),
    ...(made.cloud === "azure" ? { azure: azureAccess(paths) } : {}),
    taskImage: images.task,
    servicesImage: images.services,
    ...(images.connector ? { connectorImage: images.connector } : {}),
    python: tools.python.client,
    toolPath: [...new Set(["kubectl", "aws"].map((name) => dirname(tools.bin(name))))],
  };
}

function googleAccess(paths: Paths) {
  const { project, region } = google;
  return { endpointUrl: `https://${names.google}`, project, region, accessTokenFile: operatorToken(paths) };
}

function azureAccess(paths: Paths) {
  const { operator: _, ...place } = azure;
  return { endpointUrl: `https://${names.azure}`, ...place, accessTokenFile: azureOperatorToken(paths) };
}
