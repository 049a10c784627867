/** Google's Secret Manager in memory, so far as the service calls it: secrets and versions as the API returns them. */
import { type Answered, type Asked, problem, startGoogleServer } from "../../../shared/testing/google-server.ts";

interface Version {
  createTime: string;
  state: "ENABLED" | "DESTROYED";
  data?: string;
}

export interface StoredSecret {
  name: string;
  replication: unknown;
  versions: Version[];
}

export type SecretManagerStandIn = Awaited<ReturnType<typeof startSecretManager>>;

/** @param project its id. The API tells names by its number, which is always 123456 here. */
export async function startSecretManager(project: string) {
  /** By id. */
  const secrets = new Map<string, StoredSecret>();
  let clock = Date.parse("2026-11-26T12:00:00Z");
  const parent = `/v1/projects/${project}/secrets`;

  function answer({ method, target, body }: Asked): Answered {
    const { pathname, searchParams } = new URL(target, "http://stand-in");
    const given = body.byteLength > 0 ? JSON.parse(body.toString()) : {};
    if (method === "POST" && pathname === parent) return create(searchParams.get("secretId") ?? "", given);
    const [, id = "", version, verb] =
      new RegExp(`^${parent}/([\\w-]+)(?:/versions/(\\d+))?(?::(\\w+))?$`).exec(pathname) ?? [];
    const secret = secrets.get(id);
    if (!secret) return problem(404, `Secret [${pathname}] not found or has no versions.`);
    if (method === "DELETE" && !version && !verb) return secrets.delete(id) ? [200, {}] : problem(404, "not found");
    if (method === "POST" && verb === "addVersion" && !version) return add(secret, given.payload.data);
    const at = Number(version);
    const found = secret.versions[at - 1];
    const name = `${secret.name}/versions/${at}`;
    if (!found) return problem(404, `Secret Version [${name}] not found.`);
    if (found.state === "DESTROYED") return problem(400, `Secret Version [${name}] is in DESTROYED state.`);
    if (method === "GET" && verb === "access") return [200, { name, payload: { data: found.data } }];
    if (method === "POST" && verb === "destroy") {
      secret.versions[at - 1] = { createTime: found.createTime, state: "DESTROYED" };
      return [200, { name, createTime: found.createTime, state: "DESTROYED" }];
    }
    return problem(404, `${method} ${pathname} is not served`);
  }

  function create(id: string, { replication }: { replication: unknown }): Answered {
    if (!/^[\w-]{1,255}$/.test(id)) return problem(400, "The provided Secret ID does not match the expected format");
    if (secrets.has(id)) return problem(409, `Secret [projects/123456/secrets/${id}] already exists.`);
    const secret: StoredSecret = { name: `projects/123456/secrets/${id}`, replication, versions: [] };
    secrets.set(id, secret);
    return [200, { name: secret.name, replication }];
  }

  function add(secret: StoredSecret, data: string): Answered {
    clock += 1_000;
    const createTime = new Date(clock).toISOString();
    secret.versions.push({ createTime, state: "ENABLED", data });
    return [200, { name: `${secret.name}/versions/${secret.versions.length}`, createTime, state: "ENABLED" }];
  }

  return { ...(await startGoogleServer(answer)), secrets };
}
