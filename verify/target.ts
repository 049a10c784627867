/** What is verified and how it is reached; for the local run made from its environment, for others written by hand. */
import type { V1Namespace } from "@kubernetes/client-node";
import { z } from "zod";
import { managementLevels } from "../components/admission/management.ts";
import { isMarked } from "../components/compute-plane/on-demand.ts";
import { projectNamespace } from "../components/compute-plane/project-domain.ts";
import { secretsServiceAccount } from "../components/identity/contract.ts";
import { defaultSecretBackend, secretBackends } from "../components/secrets/backends.ts";
import { refusal } from "../shared/errors.ts";
import type { Fact } from "./facts.ts";

const accountId = z.string().regex(/^\d{12}$/, "12 digits");

const awsSchema = z.strictObject({
  profile: z.string(),
  configFile: z.string().optional(),
  credentialsFile: z.string().optional(),
  endpointUrl: z.string().optional(),
  caFile: z.string().optional(),
});

export type AwsAccess = z.infer<typeof awsSchema>;

export const controlPlaneSchema = z.strictObject({
  cloud: z.literal("aws").default("aws"),
  account: accountId.describe("The vendor's AWS account of the region"),
  customerAccounts: z.array(accountId).default([]).describe("Accounts of its customers, none of which may be its own"),
  region: z.string().min(1),
  endpoint: z.string().min(1).describe("Host of the API, TLS on 443"),
  relayHost: z.string().min(1).describe("Host that compute planes dial, TLS on 443"),
  caFile: z.string().optional().describe("Authorities that sign both hosts' certificates; the usual ones when absent"),
  clusterName: z.string().min(1),
  namespace: z.string().default("union-cp").describe("The services' namespace in the region's cluster"),
  kubeconfig: z.string().describe("File with read access to the region's cluster"),
  aws: awsSchema,
  signIn: z
    .strictObject({ clientId: z.string().min(1), clientSecretFile: z.string().describe("File of mode 0600") })
    .optional()
    .describe("An application with the admin's role, of the customer's organisation: for what only the API tells"),
  database: z
    .strictObject({
      host: z.string().min(1).describe("The database, or this end of a tunnel to it"),
      port: z.int().min(1).max(65_535).default(5432),
      serverName: z.string().optional().describe("Name in the server's certificate; the host when absent"),
      database: z.string().default("biplane"),
      user: z.string().default("biplane_verifier").describe("A login that reads the catalogue and no row"),
      passwordFile: z.string().describe("File of mode 0600"),
      caFile: z.string().optional().describe("Authorities that sign the server's certificate"),
    })
    .describe("How the schema is read"),
});

export type ControlPlane = z.infer<typeof controlPlaneSchema>;

const projectSchema = z.strictObject({ project: z.string(), domain: z.string() });

/** Of every customer's plane, wherever it stands. */
const planeShape = {
  org: z.string().min(1).describe("The customer's organisation"),
  model: z.enum(["self-managed", "byoc"]),
  region: z.string().min(1),
  clusterName: z.string().min(1),
  cluster: z
    .string()
    .optional()
    .describe("Name that the plane is registered by. @default clusterName without biplane- before it"),
  namespace: z.string().default("union").describe("The platform's namespace in the customer's cluster"),
  projects: z.array(projectSchema).min(1),
  projectsOnDemand: z
    .array(projectSchema)
    .optional()
    .describe("Declared with onDemand: their namespaces are looked at where the cluster has them"),
  servesApps: z.boolean().default(false).describe("Setting apps of the customer stack is there"),
  keepsMeasures: z.boolean().default(false).describe("Setting metricsStore of the customer stack is there"),
  metricsKey: z
    .string()
    .optional()
    .describe(
      "Key or disk encryption set of the metrics store's disk; when absent, any of the customer's own account, project or subscription",
    ),
  buckets: z.strictObject({ metadata: z.string(), fastRegistration: z.string() }),
  registryHosts: z.array(z.string()).min(1).describe("Hosts that images may come from"),
  platformServiceAccounts: z
    .array(z.string())
    .default(["executor", "proxy-system", "log-provider"])
    .describe("Accounts that may take the admin role, beside secrets where users' secrets are in the cloud"),
  secretsBackend: z
    .enum(secretBackends)
    .optional()
    .describe("Setting secretsBackend of the customer stack; when absent, its default for the model"),
  releasedDigests: z
    .array(z.string().regex(/^sha256:[0-9a-f]{64}$/))
    .min(1)
    .describe("Digests of the platform's images, from images.lock.json or the release's notes"),
  kubeconfig: z.string().describe("File with read access to the cluster"),
};

export const targetSchema = z.strictObject({
  ...planeShape,
  cloud: z.literal("aws"),
  account: accountId.describe("The customer's AWS account"),
  roles: z
    .strictObject({ admin: z.string(), user: z.string() })
    .default({ admin: "adminflyterole", user: "userflyterole" }),
  repository: z.string().describe("ECR repository of the plane's own images"),
  management: z
    .strictObject({
      roleArn: z.string().describe("Output managementRoleArn of the base stack"),
      group: z.string().default("biplane:managers"),
      level: z.enum(managementLevels).default("no-delete"),
      endpointService: z.string().describe("Output privateLinkService of the base stack"),
    })
    .optional()
    .describe("BYOC only, and required there: the vendor's ways in"),
  clusterNetwork: z
    .enum(["account", "elsewhere"])
    .default("account")
    .describe("elsewhere: the cluster does not lie in the account's network, whose firewall then says nothing of it"),
  aws: awsSchema,
});

export const googleTargetSchema = z.strictObject({
  ...planeShape,
  cloud: z.literal("gcp"),
  project: z
    .string()
    .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "a project's id")
    .describe("The customer's project, by its id"),
  accounts: z
    .strictObject({ admin: z.email(), user: z.email() })
    .describe("Service accounts that the platform's services and task pods take, by e-mail"),
  isolation: z
    .enum(["shared", "project"])
    .default("shared")
    .describe("Setting isolation of the customer stack: project, where each has an account of its own"),
  repository: z.string().describe("Id of the plane's own repository in the project's registry"),
  logView: z.string().optional().describe("Output logView of the customer stack; absent where no logs are kept"),
  ownDomains: z
    .array(z.string())
    .default([])
    .describe("Domains of the customer's own people: their users and groups may hold rights in the project"),
  accountGroups: z
    .array(z.string())
    .optional()
    .describe("Groups that the plane's accounts are in; when absent, a right of any group may be theirs"),
  management: z
    .strictObject({
      account: z.email().describe("Output managementAccount of the base stack"),
      level: z.enum(managementLevels).default("no-delete"),
      serviceAttachment: z.string().describe("Output serviceAttachment of the base stack"),
    })
    .optional()
    .describe("BYOC only, and required there: the vendor's ways in"),
  google: z
    .strictObject({
      endpointUrl: z.url().optional().describe("Answers in the place of Google's hosts"),
      caFile: z.string().optional().describe("Authorities that sign its certificate; the usual ones when absent"),
      accessTokenFile: z
        .string()
        .optional()
        .describe("File of mode 0600 with an access token; Application Default Credentials when absent"),
    })
    .default({}),
});

const guid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "a GUID");

export const azureTargetSchema = z.strictObject({
  ...planeShape,
  cloud: z.literal("azure"),
  subscription: guid.describe("The customer's subscription"),
  tenant: guid.describe("The customer's tenant, which that subscription trusts"),
  groups: z
    .strictObject({ cluster: z.string(), workloads: z.string() })
    .describe("Resource groups of the cluster and of what runs beside it"),
  identities: z
    .strictObject({ admin: z.string(), user: z.string() })
    .default({ admin: "adminflyterole", user: "userflyterole" })
    .describe("Names of the identities that the platform's services and task pods take"),
  isolation: z
    .enum(["shared", "project"])
    .default("shared")
    .describe("Setting isolation of the customer stack: project, where each has an identity of its own"),
  storageAccount: z.string().describe("Output storageAccount of the customer stack; the buckets are its containers"),
  registry: z.string().describe("Name of the plane's registry, before .azurecr.io"),
  repository: z.string().describe("Name of the task images in it"),
  secretsVault: z.string().optional().describe("Name of the vault of users' secrets, where they are in Key Vault"),
  logWorkspace: guid.optional().describe("Output logWorkspace of the customer stack; absent where no logs are kept"),
  ownPrincipals: z
    .array(guid)
    .default([])
    .describe("Object ids of the customer's own people, groups and applications: they may hold rights"),
  identityGroups: z
    .array(guid)
    .optional()
    .describe(
      "Object ids of groups that the plane's identities are in; when absent, a right of any group may be theirs",
    ),
  management: z
    .strictObject({
      clientId: guid.describe("Output managementClient of the base stack"),
      principalId: guid.describe("Output managementPrincipal of the base stack"),
      level: z.enum(managementLevels).default("no-delete"),
      issuer: z.url().describe("Whose tokens the vendor signs in with"),
      subject: z.string().describe("Which of its workloads does"),
      connections: z.array(z.string()).min(1).describe("Names of the connections to the API that are the vendor's"),
    })
    .optional()
    .describe("BYOC only, and required there: the vendor's ways in"),
  azure: z.strictObject({
    endpointUrl: z.url().optional().describe("Answers in the place of management.azure.com"),
    blobUrl: z.url().optional().describe("Answers in the place of <account>.blob.core.windows.net"),
    ingestionUrl: z.url().optional().describe("Answers in the place of <logWorkspace>.ods.opinsights.azure.com"),
    authorityUrl: z.url().optional().describe("Answers in the place of login.microsoftonline.com, for --probe alone"),
    caFile: z.string().optional().describe("Authorities that sign their certificates; the usual ones when absent"),
    accessTokenFile: z
      .string()
      .describe("File of mode 0600 with a token: az account get-access-token --query accessToken -o tsv"),
    storageTokenFile: z
      .string()
      .optional()
      .describe("The same for --resource https://storage.azure.com/; without it no names of objects are read"),
  }),
});

export type AzureTarget = z.infer<typeof azureTargetSchema>;

export type GoogleTarget = z.infer<typeof googleTargetSchema>;

/** On AWS. */
export type Target = z.infer<typeof targetSchema>;

/** A customer's plane, in whichever cloud. */
export type PlaneTarget = Target | GoogleTarget | AzureTarget;

const controlPlane = controlPlaneSchema.describe("The vendor's region; its checks do not apply when absent");

/** A customer's plane, a customer's and the region's, or the region's alone. */
export const targetFileSchemas = {
  customer: targetSchema.extend({ controlPlane: controlPlane.optional() }),
  google: googleTargetSchema.extend({ controlPlane: controlPlane.optional() }),
  azure: azureTargetSchema.extend({ controlPlane: controlPlane.optional() }),
  controlPlaneOnly: z.strictObject({ controlPlane }),
};

/** The planes that are looked at, at least one. */
export interface Targets {
  /** On AWS. */
  customer?: Target;
  /** On Google Cloud. */
  google?: GoogleTarget;
  /** On Azure. */
  azure?: AzureTarget;
  controlPlane?: ControlPlane;
}

/** @param name of the file, for the refusal. @throws UserError with every problem at once. */
export function parseTargets(raw: unknown, name: string): Targets {
  const fields = typeof raw === "object" && raw !== null ? raw : {};
  const only = "controlPlane" in fields && Object.keys(fields).length === 1;
  const cloud = "cloud" in fields ? fields.cloud : undefined;
  const chosen = only ? "controlPlaneOnly" : cloud === "gcp" ? "google" : cloud === "azure" ? "azure" : "customer";
  const parsed = targetFileSchemas[chosen].safeParse(raw);
  if (!parsed.success) {
    const value = z.prettifyError(parsed.error);
    throw refusal({ subject: `--target ${name}`, value, allowed: "docs/schemas/target.schema.json" });
  }
  const { controlPlane, ...plane } = parsed.data;
  return {
    ...("cloud" in plane ? targetsFor(plane) : {}),
    ...(controlPlane ? { controlPlane } : {}),
  };
}

function targetsFor(plane: Target | GoogleTarget | AzureTarget): Targets {
  if (plane.cloud === "gcp") return { google: plane };
  return plane.cloud === "azure" ? { azure: plane } : { customer: plane };
}

/** The customer's plane that is looked at, in whichever cloud. */
export function planeOf({ customer, google, azure }: Targets): PlaneTarget | undefined {
  return customer ?? google ?? azure;
}

export function secretsInCloud({ secretsBackend, model }: Pick<PlaneTarget, "secretsBackend" | "model">): boolean {
  return (secretsBackend ?? defaultSecretBackend(model)) !== "kubernetes";
}

/** Accounts of the platform's namespace that take the admin role. */
export function adminAccounts(target: PlaneTarget): string[] {
  return [...target.platformServiceAccounts, ...(secretsInCloud(target) ? [secretsServiceAccount] : [])];
}

/** `<project>-<domain>` of each project that has a namespace. */
export function projectNamespaces(target: PlaneTarget): string[] {
  return target.projects.map(projectNamespace);
}

/** Declared, with a namespace or without. */
export function projectsOnDemand(target: PlaneTarget): PlaneTarget["projects"] {
  return target.projectsOnDemand ?? [];
}

/** Every project that the stack names: the cloud's roles and prefixes know it, whether it has a namespace or not. */
export function declaredProjects(target: PlaneTarget): PlaneTarget["projects"] {
  const { projects } = target;
  const onDemand = projectsOnDemand(target).map((project) => [projectNamespace(project), project] as const);
  const others = new Map([...onDemand, ...projects.map((project) => [projectNamespace(project), project] as const)]);
  return [...others.values()];
}

/**
 * Projects on demand are judged like all others once the sync has made their namespaces, by the live list; one of another
 * that only has the name is none of ours. Where the list was not read, all count as there: not knowing is not passing.
 */
export function withLiveProjects(targets: Targets, namespaces: Fact<V1Namespace[]> | undefined): Targets {
  const plane = planeOf(targets);
  if (!plane || projectsOnDemand(plane).length === 0) return targets;
  const isThere = (name: string) =>
    !namespaces?.read || namespaces.value.some((found) => found.metadata?.name === name && isMarked(found));
  const known = new Set(projectNamespaces(plane));
  const made = projectsOnDemand(plane).filter((project) => {
    const name = projectNamespace(project);
    return !known.has(name) && isThere(name);
  });
  const projects = [...plane.projects, ...made];
  return {
    ...targets,
    ...(targets.customer ? { customer: { ...targets.customer, projects } } : {}),
    ...(targets.google ? { google: { ...targets.google, projects } } : {}),
    ...(targets.azure ? { azure: { ...targets.azure, projects } } : {}),
  };
}

/** Namespaces that Biplane answers for: the platform's and the projects'. */
export function ownNamespaces(target: PlaneTarget): string[] {
  return [target.namespace, ...projectNamespaces(target)];
}

/** For many objects: a list of names would be gone through for each. */
export function inOwnNamespaces(target: PlaneTarget): (object: { metadata?: { namespace?: string } }) => boolean {
  const own = new Set(ownNamespaces(target));
  return ({ metadata }) => own.has(metadata?.namespace ?? "");
}

/** Name that the plane is registered by, which is not EKS's. */
export function registeredName({ cluster, clusterName }: PlaneTarget): string {
  return cluster ?? clusterName.replace(/^biplane-/, "");
}
