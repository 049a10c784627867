/** What `biplane env` tells: everything that a person, a test or a reviewer needs to reach the local run. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../shared/errors.ts";
import { clouds, models } from "./model.ts";
import type { Paths } from "./paths.ts";

const path = z.string().describe("Absolute path");
const secretFile = z.string().describe("Absolute path of a file with mode 0600");

export const identitySchema = z.strictObject({
  org: z.string(),
  role: z.enum(["admin", "contributor", "viewer"]),
  clientId: z.string(),
  clientSecretFile: secretFile,
});

export type Identity = z.infer<typeof identitySchema>;

export const personSchema = z.strictObject({
  org: z.string(),
  role: z.enum(["admin", "contributor", "viewer"]),
  email: z.string(),
  passwordFile: secretFile,
});

export type Person = z.infer<typeof personSchema>;

export const staffSchema = z.strictObject({ email: z.string(), passwordFile: secretFile });

export type Staff = z.infer<typeof staffSchema>;

const awsSchema = z.strictObject({
  endpointUrl: z.url(),
  region: z.string(),
  profile: z.string(),
  configFile: path,
  credentialsFile: secretFile,
});

const googleSchema = z.strictObject({
  endpointUrl: z.url().describe("Answers in the place of Google's hosts"),
  project: z.string(),
  region: z.string(),
  accessTokenFile: secretFile.describe("Of who owns the project"),
});

const azureSchema = z.strictObject({
  endpointUrl: z
    .url()
    .describe("Answers in the place of Azure's hosts, each API beneath its kind: /management, /blob/<account>"),
  subscription: z.string(),
  tenant: z.string(),
  region: z.string(),
  accessTokenFile: secretFile.describe("Of who owns the subscription"),
});

const clusterKind = z.enum(["own", "given"]);

export const environmentSchema = z.strictObject({
  endpoint: z.string().describe("Bare host; TLS on 443"),
  caFile: path.describe("The authority that the local certificates are signed by"),
  org: z.string(),
  project: z.string(),
  domain: z.string(),
  apiKeyFile: secretFile,
  clientId: z.string(),
  clientSecretFile: secretFile,
  identities: z
    .array(identitySchema)
    .describe("Who can sign in, of every organisation; a contributor only holds in the project and domain above"),
  people: z
    .array(personSchema)
    .describe(
      "Who signs in by a browser, at the local identity provider; their roles hold everywhere in the organisation",
    ),
  staff: staffSchema.describe("Of who runs the region: signs in as people do, where an organisation lets them in"),
  clientConfigFile: secretFile.describe("Configuration of the flyte client"),
  kubeconfigs: z.strictObject({ region: secretFile, customer: secretFile }),
  clusters: z
    .strictObject({ region: clusterKind, customer: clusterKind })
    .describe("own: a node that the local run made. given: a cluster whose kubeconfig it was given"),
  networkPolicy: z
    .enum(["enforced", "not-enforced"])
    .describe("Whether the nodes that the local run made enforce NetworkPolicy"),
  model: z.enum(models).describe("Who operates the customer's plane"),
  cloud: z.enum(clouds).describe("Where the customer's plane stands; the region stands in AWS"),
  aws: awsSchema.describe("The customer's account; nothing of theirs is in it where their plane stands elsewhere"),
  google: googleSchema.optional().describe("The customer's project, with cloud gcp"),
  azure: azureSchema.optional().describe("The customer's subscription, with cloud azure"),
  awsRegionAccount: awsSchema.describe("The region's account"),
  databaseVerifier: z
    .strictObject({
      host: z.string(),
      port: z.int(),
      database: z.string(),
      user: z.string(),
      passwordFile: secretFile,
    })
    .describe("The login that reads the catalogue of the region's database, and no row"),
  taskImage: z.string(),
  servicesImage: z.string().describe("Of the platform's services, by digest"),
  connectorImage: z.string().optional().describe("Where apps are served: of the stand-in for cloudflared, by digest"),
  python: path.describe("Interpreter that has the flyte client"),
  toolPath: z.array(z.string()).describe("Folders of kubectl and aws"),
  outputs: z.strictObject({
    region: z.record(z.string(), z.unknown()),
    customerBase: z.record(z.string(), z.unknown()),
    customer: z.record(z.string(), z.unknown()),
  }),
});

export type Environment = z.infer<typeof environmentSchema>;

export function writeEnvironment(paths: Paths, environment: Environment): void {
  const file = join(paths.state, "env.json");
  writeFileSync(`${file}.new`, `${JSON.stringify(environmentSchema.parse(environment), null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** @throws UserError when nothing is up. */
export function readEnvironment(paths: Paths): Environment {
  const file = join(paths.state, "env.json");
  if (!existsSync(file)) throw new UserError("Nothing is up on this machine. Run ./biplane up first.", { exitCode: 1 });
  return environmentSchema.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** A region's and a customer's outputs without those that are secrets. */
export function publicOutputs(outputs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs).filter(([name]) => name !== "tenants" && name !== "databaseVerifier"),
  );
}

/** Variables for the real client and the usual tools; the secrets stay in their files. */
export function shellVariables(environment: Environment): Record<string, string> {
  const { google, azure } = environment;
  return {
    BIPLANE_ENDPOINT: environment.endpoint,
    BIPLANE_TASK_IMAGE: environment.taskImage,
    FLYTECTL_CONFIG: environment.clientConfigFile,
    SSL_CERT_FILE: environment.caFile,
    REQUESTS_CA_BUNDLE: environment.caFile,
    AWS_CA_BUNDLE: environment.caFile,
    NODE_EXTRA_CA_CERTS: environment.caFile,
    AWS_PROFILE: environment.aws.profile,
    AWS_REGION: environment.aws.region,
    AWS_ENDPOINT_URL: environment.aws.endpointUrl,
    AWS_CONFIG_FILE: environment.aws.configFile,
    AWS_SHARED_CREDENTIALS_FILE: environment.aws.credentialsFile,
    ...(google
      ? {
          GOOGLE_ENDPOINT_URL: google.endpointUrl,
          GOOGLE_CLOUD_PROJECT: google.project,
          CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: google.accessTokenFile,
        }
      : {}),
    ...(azure
      ? {
          AZURE_ENDPOINT_URL: azure.endpointUrl,
          AZURE_SUBSCRIPTION_ID: azure.subscription,
          AZURE_TENANT_ID: azure.tenant,
        }
      : {}),
    KUBECONFIG: environment.kubeconfigs.customer,
    DO_NOT_TRACK: "1",
  };
}
