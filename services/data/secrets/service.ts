/**
 * Users' secrets, written and never read back. It trusts neither the tunnel nor the control plane: each request carries
 * the end user's token, verified here against the pinned keys. A value is in memory until the backend has it.
 */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { SecretStoreService } from "../../../gen/biplane/secrets/v1/secrets_pb.js";
import { callerOf, requireOwnOrg } from "../../shared/auth/caller.ts";
import { label } from "../../shared/config.ts";
import { alreadyExists, denied, invalid, notFound, unavailable } from "../../shared/errors.ts";
import { BackendError, type SecretBackend, type SecretRecord } from "./backend.ts";
import { maxValueBytes, pathOf, type SecretRef, secretNamePattern } from "./secret.ts";

export interface SecretServiceDeps {
  backend: SecretBackend;
  /** The one organisation that this plane belongs to. */
  org: string;
}

const defaultPage = 100;
const longestPage = 1_000;

export function secretStoreService({ backend, org }: SecretServiceDeps): ServiceImpl<typeof SecretStoreService> {
  return {
    async createSecret(request, context) {
      const ref = refOf(request, context, org);
      requireValue(request.value);
      if (!(await reached(() => backend.create(ref, request.value)))) throw alreadyExists(wordsOf(ref));
      return {};
    },
    async updateSecret(request, context) {
      const ref = refOf(request, context, org);
      requireValue(request.value);
      if (!(await reached(() => backend.update(ref, request.value)))) throw notFound(wordsOf(ref));
      return {};
    },
    async deleteSecret(request, context) {
      const ref = refOf(request, context, org);
      if (!(await reached(() => backend.remove(ref)))) throw notFound(wordsOf(ref));
      return {};
    },
    async getSecret(request, context) {
      const ref = refOf(request, context, org);
      const record = await reached(() => backend.find(ref));
      if (!record) throw notFound(wordsOf(ref));
      return { secret: metadataOf(record) };
    },
    async listSecrets(request, context) {
      const { project, domain } = scopeOf(request, context, org);
      const limit = Math.min(request.limit || defaultPage, longestPage);
      const all = (await reached(() => backend.list()))
        .filter((one) => (project === "" || one.project === project) && (domain === "" || one.domain === domain))
        .map((record) => ({ record, path: pathOf(record) }))
        .filter(({ path }) => path > request.token)
        .sort((a, b) => (a.path < b.path ? -1 : 1));
      const page = all.slice(0, limit);
      const token = all.length > limit ? (page.at(-1)?.path ?? "") : "";
      return { secrets: page.map(({ record }) => metadataOf(record)), token };
    },
  };
}

interface Placed {
  org: string;
  project: string;
  domain: string;
}

function scopeOf(request: Placed, context: HandlerContext, org: string): Placed {
  const caller = callerOf(context);
  if (caller.org !== org) throw denied("this plane belongs to another organisation");
  requireOwnOrg(caller, request.org);
  const { project, domain } = request;
  for (const [subject, value] of Object.entries({ project, domain })) {
    if (value !== "" && !label.safeParse(value).success) {
      throw invalid({ subject, value, allowed: 'a DNS label (a-z, 0-9 and "-"), or empty for every one' });
    }
  }
  return { org, project, domain };
}

function refOf(request: Placed & { name: string }, context: HandlerContext, org: string): SecretRef {
  const { project, domain } = scopeOf(request, context, org);
  const { name } = request;
  if (!secretNamePattern.test(name)) {
    throw invalid({ subject: "the secret's name", value: name, allowed: '1 to 253 of a-z, A-Z, 0-9, "-" and "_"' });
  }
  return { project, domain, name };
}

/** Its length, never itself. */
function requireValue({ byteLength }: Uint8Array): void {
  if (byteLength >= 1 && byteLength <= maxValueBytes) return;
  throw invalid({ subject: "the value's size in bytes", value: byteLength, allowed: `1 to ${maxValueBytes}` });
}

function wordsOf({ project, domain, name }: SecretRef): string {
  const where = [project && `project ${project}`, domain && `domain ${domain}`].filter((part) => part).join(", ");
  return `secret "${name}" of ${where || "the organisation"}`;
}

function metadataOf({ project, domain, name, createdAt }: SecretRecord) {
  return { project, domain, name, createdAt: timestampFromMs(createdAt) };
}

async function reached<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    if (error.reason === "full") throw new ConnectError(error.message, Code.ResourceExhausted);
    throw unavailable(error.message, error);
  }
}
