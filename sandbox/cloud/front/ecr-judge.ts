/**
 * What ECR asks of a workload's session: each call, and each request of the registry itself, judged by the role's inline
 * policies as calls of CloudWatch Logs are (log-judge.ts). The password by which a registry is reached is made of the
 * session's own secret, so that it ends with the session and nobody else can make it.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { LogCall } from "./log-judge.ts";
import type { Session } from "./sessions.ts";

interface Place {
  region: string;
  account: string;
}

/** Calls that workloads make. Source: service authorization reference of Amazon ECR. */
const judged = new Set(["DescribeImageScanFindings", "DescribeImages"]);

export const loginAction = "ecr:GetAuthorizationToken";

/** @param target of the header X-Amz-Target. @returns undefined for a call that no workload makes */
export function ecrCallOf(target: string, body: Buffer, place: Place): LogCall | undefined {
  const operation = /^AmazonEC2ContainerRegistry_V20150921\.(\w+)$/.exec(target)?.[1] ?? "";
  if (`ecr:${operation}` === loginAction) return { action: loginAction, resource: "*" };
  const repository = repositoryIn(body);
  if (!judged.has(operation) || !repository) return undefined;
  return { action: `ecr:${operation}`, resource: arnOf(repository, place) };
}

function repositoryIn(body: Buffer): string | undefined {
  try {
    const fields: unknown = JSON.parse(body.toString());
    const named = typeof fields === "object" && fields !== null && "repositoryName" in fields;
    return named && typeof fields.repositoryName === "string" ? fields.repositoryName : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function arnOf(repository: string, { region, account }: Place): string {
  return `arn:aws:ecr:${region}:${account}:repository/${repository}`;
}

/** Of one request of the registry's own protocol (OCI distribution 1.1). */
export interface RegistryCall extends LogCall {
  repository: string;
  /** The tag or digest that is written. */
  puts?: string;
}

/** @returns undefined for what is none: the protocol's root, and what no client of ours asks for */
export function registryCallOf(method: string, path: string, place: Place): RegistryCall | undefined {
  const [, repository, kind, rest = ""] = /^\/v2\/([a-z0-9._/-]+?)\/(manifests|blobs|tags)\/(.*)$/.exec(path) ?? [];
  if (!repository || !kind) return undefined;
  const reads = method === "GET" || method === "HEAD";
  const resource = arnOf(repository, place);
  if (reads && kind !== "blobs") return { action: "ecr:BatchGetImage", resource, repository };
  // How far an upload is, is asked by whoever uploads.
  if (reads && !rest.startsWith("uploads/")) return { action: "ecr:GetDownloadUrlForLayer", resource, repository };
  if (kind === "manifests" && method === "PUT") return { action: "ecr:PutImage", resource, repository, puts: rest };
  if (kind === "blobs" && rest.startsWith("uploads/")) return { action: "ecr:UploadLayerPart", resource, repository };
  return undefined;
}

/** As ECR has it: the user is AWS, whoever it is. */
export function loginOf(accessKeyId: string, session: Session): string {
  return Buffer.from(`AWS:${passwordOf(accessKeyId, session)}`).toString("base64");
}

/** @returns the access key id of a genuine login's session */
export function loggedIn(
  authorization: string | undefined,
  find: (accessKeyId: string) => Session | undefined,
): string | undefined {
  const given = /^Basic (\S+)$/.exec(authorization ?? "")?.[1];
  const password = given ? Buffer.from(given, "base64").toString().replace(/^AWS:/, "") : "";
  const [accessKeyId = ""] = password.split(".");
  const session = find(accessKeyId);
  if (!session) return undefined;
  const [held, shown] = [passwordOf(accessKeyId, session), password].map((text) => Buffer.from(text));
  return held && shown && held.length === shown.length && timingSafeEqual(held, shown) ? accessKeyId : undefined;
}

function passwordOf(accessKeyId: string, { secretAccessKey }: Session): string {
  return `${accessKeyId}.${createHmac("sha256", secretAccessKey).update("registry").digest("hex")}`;
}
