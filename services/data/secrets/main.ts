import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { z } from "zod";
import { SecretStoreService } from "../../../gen/biplane/secrets/v1/secrets_pb.js";
import { azure } from "../../../shared/azure.ts";
import { google } from "../../../shared/google.ts";
import { keptKubeConfig } from "../../../shared/kube-config.ts";
import { logSink } from "../../shared/auth/audit.ts";
import { statedAuthorizer } from "../../shared/auth/authorizer.ts";
import { tokenVerifier, userIssuer } from "../../shared/auth/verifier.ts";
import { fileContent, label, port, readConfig, servedProjects, tokenShape } from "../../shared/config.ts";
import { observed } from "../../shared/observed.ts";
import { startServer } from "../../shared/server.ts";
import { runService } from "../../shared/service.ts";
import { awsBackend } from "./aws-backend.ts";
import { azureBackend } from "./azure-backend.ts";
import { type Catalogue, openCatalogue } from "./catalogue.ts";
import { gcpBackend } from "./gcp-backend.ts";
import { kubernetesBackend } from "./kubernetes-backend.ts";
import { kubernetesShards } from "./kubernetes-shards.ts";
import { secretStoreService } from "./service.ts";
import { taskSecrets } from "./task-secrets.ts";
import { webhookHandler } from "./webhook.ts";

const names = z
  .string()
  .transform((list) => list.split(","))
  .pipe(z.array(label).min(1));

const awsShape = {
  AWS_REGION: z.string().min(1),
  /** What names begin with, such as union/acme/. */
  SECRET_PREFIX: z.string().endsWith("/"),
  SECRET_KEY_ARN: z.string().startsWith("arn:"),
  /** JSON. */
  SECRET_RESOURCE_POLICY: z.string().min(2),
};

const gcpShape = {
  GCP_PROJECT: z.string().min(1),
  GCP_REGION: z.string().min(1),
  /** What ids begin with, such as union_acme_: no organisation has an underscore, so none's begins with another's. */
  SECRET_PREFIX: z.string().endsWith("_"),
  SECRET_KEY_NAME: z.string().startsWith("projects/"),
};

const azureShape = {
  /** As Azure names it, whatever the endpoint. */
  VAULT_URL: z.string().regex(/^https:\/\/[a-z][a-z0-9-]{1,22}[a-z0-9]\.vault\.azure\.net\/?$/),
  /** What names begin with, such as union--acme--: no organisation has two dashes together, so none's begins with another's. */
  SECRET_PREFIX: z.string().endsWith("--"),
};

const backends = {
  kubernetes: kubernetesBackend,
  "aws-secrets-manager": (catalogue: Catalogue) => {
    const config = readConfig(awsShape);
    return awsBackend({
      client: new SecretsManagerClient({ region: config.AWS_REGION, credentials: fromNodeProviderChain() }),
      catalogue,
      prefix: config.SECRET_PREFIX,
      keyArn: config.SECRET_KEY_ARN,
      resourcePolicy: config.SECRET_RESOURCE_POLICY,
    });
  },
  "gcp-secret-manager": (catalogue: Catalogue) => {
    const config = readConfig(gcpShape);
    return gcpBackend({
      google: google(),
      catalogue,
      project: config.GCP_PROJECT,
      prefix: config.SECRET_PREFIX,
      region: config.GCP_REGION,
      keyName: config.SECRET_KEY_NAME,
    });
  },
  "azure-key-vault": (catalogue: Catalogue) => {
    const { VAULT_URL: url, SECRET_PREFIX: prefix } = readConfig(azureShape);
    const [vault = ""] = new URL(url).hostname.split(".");
    return azureBackend({ azure: azure(), catalogue, vault, prefix });
  },
};

await runService({
  name: "secrets",
  shape: {
    ...tokenShape,
    ORG: label,
    POD_NAMESPACE: label,
    SECRET_BACKEND: z.enum(["kubernetes", "aws-secrets-manager", "gcp-secret-manager", "azure-key-vault"]),
    /** Secrets of this namespace that the stack made. Their number never changes: a secret's place follows from it. */
    SECRET_SHARDS: names,
    PROJECTS: servedProjects,
    WEBHOOK_PORT: port.default(8443),
    TLS_CERT_FILE: fileContent,
    TLS_KEY_FILE: fileContent,
  },
  parts: async ({ config, log, tls }) => {
    const kube = keptKubeConfig();
    kube.loadFromDefault();
    const catalogue = openCatalogue(kubernetesShards(kube, config.POD_NAMESPACE, config.SECRET_SHARDS));
    const backend = backends[config.SECRET_BACKEND](catalogue);
    const users = userIssuer(config, tls);
    const webhook = await startServer({
      port: config.WEBHOOK_PORT,
      tls: { cert: config.TLS_CERT_FILE, key: config.TLS_KEY_FILE, minVersion: "TLSv1.3" },
      handler: observed(
        { server: "secrets webhook", callers: "others" },
        webhookHandler({ backend, scopes: config.PROJECTS, createSecret: taskSecrets(kube), log }),
      ),
      log,
    });
    const service = secretStoreService({ backend, org: config.ORG });
    return {
      rpc: {
        routes: (router) => void router.service(SecretStoreService, service),
        verify: tokenVerifier([users]),
        authorize: statedAuthorizer(users),
        audit: logSink(log),
      },
      drain: () => webhook.drain(),
      close: () => webhook.close(2_000),
    };
  },
});
