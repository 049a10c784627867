/**
 * Values in AWS Secrets Manager, each under the plane's key and resource policy; which there are stands in the catalogue,
 * since the right to list secrets is one over the whole account. A secret is one once the catalogue has it: what an
 * interrupted creation left behind is taken over by the next one.
 */
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  LimitExceededException,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { BackendError, type SecretBackend } from "./backend.ts";
import type { Catalogue } from "./catalogue.ts";
import { pathOf, type SecretRef } from "./secret.ts";

export interface AwsBackendOptions {
  client: SecretsManagerClient;
  catalogue: Catalogue;
  /** What names begin with, up to and with a slash. */
  prefix: string;
  keyArn: string;
  /** JSON; goes on each secret before its value does. */
  resourcePolicy: string;
  now?: () => number;
}

export function awsBackend(options: AwsBackendOptions): SecretBackend {
  const { client, catalogue, prefix, keyArn, resourcePolicy, now = Date.now } = options;
  const idOf = (ref: SecretRef) => prefix + pathOf(ref);

  /** @returns the version, which names this value for ever. */
  async function put(ref: SecretRef, value: Uint8Array): Promise<string> {
    const command = new PutSecretValueCommand({ SecretId: idOf(ref), SecretBinary: value });
    const { VersionId } = await reached(() => client.send(command));
    if (!VersionId) throw new Error("Secrets Manager answered without a version");
    return VersionId;
  }

  return {
    async create(ref, value) {
      if (await catalogue.find(ref)) return false;
      const made = client.send(new CreateSecretCommand({ Name: idOf(ref), KmsKeyId: keyArn }));
      await reached(() => unless(made, ResourceExistsException));
      // Before the value: never is there one that others in the account could read.
      const policy = { SecretId: idOf(ref), ResourcePolicy: resourcePolicy, BlockPublicPolicy: true };
      await reached(() => client.send(new PutResourcePolicyCommand(policy)));
      const version = await put(ref, value);
      return catalogue.change(ref, (present) => (present ? undefined : { ...ref, createdAt: now(), version }));
    },
    async update(ref, value) {
      if (!(await catalogue.find(ref))) return false;
      const version = await put(ref, value);
      return catalogue.change(ref, (present) => present && { ...present, version });
    },
    async remove(ref) {
      if (!(await catalogue.find(ref))) return false;
      // At once: with a time to recover its name could not be used again for at least a week.
      const command = new DeleteSecretCommand({ SecretId: idOf(ref), ForceDeleteWithoutRecovery: true });
      await reached(() => unless(client.send(command), ResourceNotFoundException));
      return catalogue.change(ref, (present) => present && null);
    },
    find: (ref) => catalogue.find(ref),
    list: () => catalogue.list(),
    async read(record) {
      const command = new GetSecretValueCommand({ SecretId: idOf(record), VersionId: record.version });
      const held = await reached(() => unless(client.send(command), ResourceNotFoundException));
      return held?.SecretBinary;
    },
  };
}

async function unless<T>(call: Promise<T>, expected: new (...args: never[]) => Error): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof expected) return undefined;
    throw error;
  }
}

async function reached<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof LimitExceededException) {
      throw new BackendError("full", "AWS Secrets Manager takes no more secrets in this account", error);
    }
    // A name that was deleted a moment ago is free again soon.
    if (error instanceof InvalidRequestException && /deleted|deletion/.test(error.message)) {
      throw new BackendError("busy", "a secret of that name is still being deleted, try again in a minute", error);
    }
    throw new BackendError("unreachable", "AWS Secrets Manager cannot be reached or refuses, try again", error);
  }
}
