/**
 * Brings tokens of the plane's accounts to STS, as their pods do: who gets which role, and what a task's session may do
 * with an object of its own and with one next door. Tokens live ten minutes; objects are taken away again.
 */
import { randomUUID } from "node:crypto";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleWithWebIdentityCommand, type Credentials, STSClient } from "@aws-sdk/client-sts";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { clientConfig } from "../collect/aws-clients.ts";
import type { ProbedObject, ProbedSession } from "../facts-probes.ts";
import { projectNamespaces, type Target } from "../target.ts";
import { withCleanup } from "./cleanup.ts";

const audience = "sts.amazonaws.com";
const roleAnnotation = "eks.amazonaws.com/role-arn";
const tokenSeconds = 600;
const sessionSeconds = 900;

interface Account {
  namespace: string;
  name: string;
  kind: ProbedSession["kind"];
  role: string;
  token: string;
}

export interface SessionProbes {
  sessions: ProbedSession[];
  objects: ProbedObject[];
}

export async function probeSessions(target: Target): Promise<SessionProbes> {
  const accounts = await readAccounts(target);
  const roles = [...new Set(accounts.map(({ role }) => role))];
  const sessions: ProbedSession[] = [];
  const objects: ProbedObject[] = [];
  for (const account of accounts) {
    for (const role of roles) {
      const own = role === account.role;
      const answer = await assume(target, role, account.token);
      const { credentials, told } = answer;
      sessions.push({
        account: nameOf(account),
        kind: account.kind,
        role,
        own,
        taken: credentials !== undefined,
        told,
      });
      if (own && account.kind === "task" && credentials)
        objects.push(...(await useStore(target, account, credentials)));
    }
  }
  return { sessions, objects };
}

/** The first and the last project stand for all. */
async function readAccounts(target: Target): Promise<Account[]> {
  const config = new KubeConfig();
  config.loadFromFile(target.kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const projects = projectNamespaces(target);
  const wanted = [
    ...target.platformServiceAccounts.map((name) => ({ namespace: target.namespace, name, kind: "platform" as const })),
    ...new Set([projects[0] ?? "", projects.at(-1) ?? ""]),
  ].map((one) => (typeof one === "string" ? { namespace: one, name: "default", kind: "task" as const } : one));
  return Promise.all(
    wanted.map(async ({ namespace, name, kind }) => {
      const { metadata } = await api.readNamespacedServiceAccount({ namespace, name });
      const role = metadata?.annotations?.[roleAnnotation];
      if (!role) throw new Error(`the account ${namespace}/${name} has no role of its own`);
      const spec = { audiences: [audience], expirationSeconds: tokenSeconds };
      const { status } = await api.createNamespacedServiceAccountToken({ namespace, name, body: { spec } });
      if (!status?.token) throw new Error(`no token of ${namespace}/${name} was given`);
      return { namespace, name, kind, role, token: status.token };
    }),
  );
}

async function assume(target: Target, RoleArn: string, WebIdentityToken: string) {
  const sts = new STSClient(clientConfig(target));
  try {
    const { Credentials: credentials } = await sts.send(
      new AssumeRoleWithWebIdentityCommand({
        ...{ RoleArn, WebIdentityToken, RoleSessionName: "biplane-probe", DurationSeconds: sessionSeconds },
      }),
    );
    return { credentials, told: credentials ? "a session" : "an answer without credentials" };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { credentials: undefined, told: `${error.name}: ${error.message}` };
  }
}

/** An answer of the service's own: anything else says nothing of rights. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error) || !("$metadata" in error)) return false;
  const { httpStatusCode: status = 0 } = error.$metadata as { httpStatusCode?: number };
  return status >= 400 && status < 500;
}

async function useStore(target: Target, account: Account, given: Credentials): Promise<ProbedObject[]> {
  const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "", SessionToken: sessionToken } = given;
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  const forcePathStyle = target.aws.endpointUrl !== undefined;
  const s3 = new S3Client({ ...clientConfig(target), credentials, forcePathStyle });
  const { buckets, org, projects } = target;
  const { project, domain } = projects.find((one) => `${one.project}-${one.domain}` === account.namespace) ?? {};
  const name = `biplane-probe/${randomUUID()}`;
  const places = [
    { place: "own", Key: `${org}/${project}/${domain}/${name}` },
    { place: "next door", Key: `next-door-of-${org}/${name}` },
  ] as const;
  const found: ProbedObject[] = [];
  for (const Bucket of [buckets.metadata, buckets.fastRegistration]) {
    for (const { place, Key } of places) {
      const at = { Bucket, Key };
      const remove = () => tried(() => s3.send(new DeleteObjectCommand(at)));
      const answers = await withCleanup(remove, async () => ({
        put: await tried(() => s3.send(new PutObjectCommand({ ...at, Body: "probe" }))),
        get: await tried(() => s3.send(new GetObjectCommand(at))),
        delete: await remove(),
      }));
      for (const action of ["put", "get", "delete"] as const)
        found.push({ account: nameOf(account), bucket: Bucket, place, action, ...answers[action] });
    }
  }
  return found;
}

async function tried(call: () => Promise<unknown>): Promise<Pick<ProbedObject, "allowed" | "told">> {
  try {
    await call();
    return { allowed: true, told: "done" };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { allowed: false, told: `${error.name}: ${error.message}` };
  }
}

function nameOf({ namespace, name }: Pick<Account, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}
