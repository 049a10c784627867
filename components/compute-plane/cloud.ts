/** What the platform's services are told of the cloud beneath them, by the names that they read. */
import { type Input, interpolate } from "@pulumi/pulumi";
import { sessionNameVariable } from "../identity/contract.ts";
import type { TaskLogSettings } from "../logs/contract.ts";
import type { SecretSettings } from "../secrets/backends.ts";

/** The cloud that a plane stands in. */
export type PlaneCloud =
  | { cloud: "aws"; region: string }
  | { cloud: "gcp"; region: string; project: string }
  | {
      cloud: "azure";
      region: string;
      /** Storage account that both containers are in. */
      storageAccount: string;
    };

type Environment = Record<string, Input<string>>;

/** What the executor must know to read results from the store. */
export function cloudEnvironment(place: PlaneCloud): Environment {
  switch (place.cloud) {
    case "aws":
      return {};
    case "gcp":
      return { CLOUD: place.cloud };
    case "azure":
      return { CLOUD: place.cloud, STORAGE_ACCOUNT: place.storageAccount };
  }
}

/** Under what name a service takes the admin role, where its account has the role with others. */
export function sessionEnvironment({ cloud }: PlaneCloud, serviceAccount: string): Environment {
  return cloud === "aws" ? { [sessionNameVariable]: serviceAccount } : {};
}

/** A bucket as the addresses of what lies in it begin. */
export function dataRoot(place: PlaneCloud, bucket: Input<string>): Input<string> {
  switch (place.cloud) {
    case "aws":
      return interpolate`s3://${bucket}`;
    case "gcp":
      return interpolate`gs://${bucket}`;
    case "azure":
      return interpolate`abfs://${bucket}@${place.storageAccount}.dfs.core.windows.net`;
  }
}

/** @param admin who signs URLs: on AWS and Azure the pod's own session does, and needs not be named */
export function storeEnvironment(place: PlaneCloud, admin: Input<string>): Environment {
  switch (place.cloud) {
    case "aws":
      return { AWS_REGION: place.region };
    case "gcp":
      return { CLOUD: place.cloud, GCP_PROJECT: place.project, SIGNER_ACCOUNT: admin };
    case "azure":
      return cloudEnvironment(place);
  }
}

/** @param logs where they are kept; undefined where they are told as long as their pods are there */
export function logEnvironment({ cloud, region }: PlaneCloud, logs: TaskLogSettings | undefined): Environment {
  if (!logs) return {};
  if ("view" in logs) return { CLOUD: cloud, LOG_VIEW: logs.view };
  if ("workspace" in logs) return { CLOUD: cloud, LOG_WORKSPACE: logs.workspace };
  return { LOG_GROUP: logs.logGroup, AWS_REGION: region };
}

export function secretEnvironment({ region }: PlaneCloud, secrets: SecretSettings): Environment {
  switch (secrets.backend) {
    case "kubernetes":
      return { SECRET_BACKEND: secrets.backend };
    case "aws-secrets-manager":
      return {
        SECRET_BACKEND: secrets.backend,
        AWS_REGION: region,
        SECRET_PREFIX: secrets.prefix,
        SECRET_KEY_ARN: secrets.keyArn,
        SECRET_RESOURCE_POLICY: secrets.resourcePolicy,
      };
    case "gcp-secret-manager":
      return {
        SECRET_BACKEND: secrets.backend,
        GCP_PROJECT: secrets.project,
        GCP_REGION: secrets.region,
        SECRET_PREFIX: secrets.prefix,
        SECRET_KEY_NAME: secrets.keyName,
      };
    case "azure-key-vault":
      return { SECRET_BACKEND: secrets.backend, VAULT_URL: secrets.vaultUrl, SECRET_PREFIX: secrets.prefix };
  }
}
