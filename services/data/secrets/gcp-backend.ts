/**
 * Values in Google's Secret Manager, each under the plane's key and in its region alone; which there are stands in the
 * catalogue, since the right to list secrets is one over the whole project. A secret is one once the catalogue has it: what
 * an interrupted creation left behind is taken over by the next one.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { type Google, type GoogleCall, GoogleError } from "../../../shared/google.ts";
import { BackendError, type SecretBackend } from "./backend.ts";
import type { Catalogue } from "./catalogue.ts";
import type { SecretRef } from "./secret.ts";

export interface GcpBackendOptions {
  google: Google;
  catalogue: Catalogue;
  project: string;
  /** What ids begin with, up to and with an underscore. */
  prefix: string;
  /** Where values rest. */
  region: string;
  /** Key in Cloud KMS of that region, `projects/…/cryptoKeys/…`. */
  keyName: string;
  now?: () => number;
}

/** Of an id, in characters: letters, digits, "-" and "_". */
const longestId = 255;

const versionSchema = z.object({ name: z.string(), createTime: z.string() });
const accessSchema = z.object({ payload: z.object({ data: z.string().default("") }) });

export function gcpBackend(options: GcpBackendOptions): SecretBackend {
  const { google, catalogue, project, prefix, region, keyName, now = Date.now } = options;
  const parent = `/v1/projects/${encodeURIComponent(project)}/secrets`;
  const pathOf = (ref: SecretRef) => `${parent}/${secretId(prefix, ref)}`;
  const call = (call: Omit<GoogleCall, "api">) => google.call({ api: "secretmanager", ...call });
  const write = (path: string, json: unknown) => call({ method: "POST", path, json });

  /** @returns the version, which names this value for ever: numbers begin anew with a secret that is made anew */
  async function put(ref: SecretRef, value: Uint8Array): Promise<string> {
    const payload = { data: Buffer.from(value).toString("base64") };
    const answer = await reached(() => write(`${pathOf(ref)}:addVersion`, { payload }));
    const { name, createTime } = versionSchema.parse(await answer.json());
    return `${name.slice(name.lastIndexOf("/") + 1)} ${createTime}`;
  }

  /** A value that was replaced is for nobody any more. */
  async function destroy(ref: SecretRef, version: string): Promise<void> {
    const path = `${pathOf(ref)}/versions/${numberOf(version)}:destroy`;
    await reached(() => unless(() => write(path, {}), [400, 404]));
  }

  return {
    async create(ref, value) {
      if (await catalogue.find(ref)) return false;
      const replica = { location: region, customerManagedEncryption: { kmsKeyName: keyName } };
      const secret = { replication: { userManaged: { replicas: [replica] } } };
      const query = { secretId: secretId(prefix, ref) };
      await reached(() => unless(() => call({ method: "POST", path: parent, query, json: secret }), [409]));
      const version = await put(ref, value);
      return catalogue.change(ref, (present) => (present ? undefined : { ...ref, createdAt: now(), version }));
    },
    async update(ref, value) {
      if (!(await catalogue.find(ref))) return false;
      const version = await put(ref, value);
      let replaced: string | undefined;
      const changed = await catalogue.change(ref, (present) => {
        replaced = present?.version;
        return present && { ...present, version };
      });
      if (changed && replaced) await destroy(ref, replaced);
      return changed;
    },
    async remove(ref) {
      if (!(await catalogue.find(ref))) return false;
      await reached(() => unless(() => call({ method: "DELETE", path: pathOf(ref), repeatable: true }), [404]));
      return catalogue.change(ref, (present) => present && null);
    },
    find: (ref) => catalogue.find(ref),
    list: () => catalogue.list(),
    async read(record) {
      const path = `${pathOf(record)}/versions/${numberOf(record.version)}:access`;
      // 400 is how a destroyed version is told: find the secret again.
      const answer = await reached(() => unless(() => call({ path }), [400, 404]));
      return answer && Buffer.from(accessSchema.parse(await answer.json()).payload.data, "base64");
    },
  };
}

/**
 * `<prefix><project>_<domain>_<name>`, nothing for every project or domain: neither can hold an underscore, so no two
 * secrets have one id. Where that is too long, a hash behind a letter in capitals, which no project begins with.
 */
export function secretId(prefix: string, { project, domain, name }: SecretRef): string {
  const plain = `${project}_${domain}_${name}`;
  if (prefix.length + plain.length <= longestId) return prefix + plain;
  return `${prefix}H_${createHash("sha256").update(plain).digest("hex")}`;
}

function numberOf(version: string): string {
  return version.split(" ")[0] ?? "";
}

async function unless(make: () => Promise<Response>, expected: number[]): Promise<Response | undefined> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof GoogleError && expected.includes(error.status)) return undefined;
    throw error;
  }
}

async function reached<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof GoogleError && error.status === 429) {
      throw new BackendError("busy", "Secret Manager takes no more calls now, try again in a minute", error);
    }
    throw new BackendError("unreachable", "Secret Manager cannot be reached or refuses, try again", error);
  }
}
