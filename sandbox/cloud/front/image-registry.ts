/**
 * The registry behind ECR's own host name: docker-registry keeps the images, the emulator the records of them. So what is
 * pushed here is what DescribeImages tells, and a tag that the emulator would not give away again is not moved.
 */
import { createHash } from "node:crypto";
import { accounts, awsRegion } from "../../hosts.ts";
import { loggedIn, type RegistryCall, registryCallOf } from "./ecr-judge.ts";
import { authorizationFor, type Emulator } from "./emulator.ts";
import { answer, type FrontRequest, type FrontResponse, forwardedHeaders, readWhole, splitTarget } from "./exchange.ts";
import { allows } from "./log-judge.ts";
import type { RolePolicies } from "./role-policies.ts";
import type { Sessions } from "./sessions.ts";
import { exchange, stream, type Upstream } from "./upstream.ts";

const manifestLimitBytes = 4 * 1024 * 1024;
const account = accounts.customer;
const behindTls = { "x-forwarded-proto": "https" };

export interface RegistryParts {
  registry: Upstream;
  sessions: Sessions;
  policies: RolePolicies;
  emulator: Emulator;
}

export function imageRegistry({ registry, sessions, policies, emulator }: RegistryParts) {
  return async (request: FrontRequest, response: FrontResponse): Promise<void> => {
    const key = loggedIn(request.headers.authorization, (id) => sessions.find(id));
    const session = key === undefined ? undefined : sessions.find(key);
    if (!session) {
      request.resume();
      return refuse(response, 401, "UNAUTHORIZED", "Not Authorized", { "www-authenticate": 'Basic realm="ECR"' });
    }
    const { path } = splitTarget(request.url);
    if (/^\/v2\/?$/.test(path)) return answer(response, 200, { "content-type": "application/json" }, "{}");
    const call = registryCallOf(request.method ?? "GET", path, { region: awsRegion, account });
    if (!call || !allows(await policies.of(session.role), call, session)) {
      request.resume();
      const what = call ? `${call.action} on ${call.resource}` : `${request.method} ${path}`;
      return refuse(response, 403, "DENIED", `${session.role} is not authorized: ${what}`);
    }
    if (call.puts === undefined) return stream(request, response, registry, behindTls);
    return putManifest(request, response, call);
  };

  /** Recorded first: where the record is refused, nothing is pushed. */
  async function putManifest(request: FrontRequest, response: FrontResponse, call: RegistryCall): Promise<void> {
    const manifest = await readWhole(request, manifestLimitBytes);
    const tag = call.puts?.startsWith("sha256:") ? undefined : call.puts;
    const recorded = await record(call.repository, manifest, tag, String(request.headers["content-type"] ?? ""));
    const already = /ImageAlreadyExistsException/.test(recorded.body.toString());
    if (recorded.status !== 200 && !already) return refuse(response, 400, "TAG_INVALID", recorded.body.toString());
    const headers = { ...forwardedHeaders(request), ...behindTls };
    const made = await exchange(registry, { method: "PUT", target: request.url ?? "/", headers, body: manifest });
    return answer(response, made.status, made.headers, made.body);
  }

  function record(repositoryName: string, manifest: Buffer, imageTag: string | undefined, mediaType: string) {
    const fields = {
      ...{ repositoryName, imageManifest: manifest.toString(), imageManifestMediaType: mediaType },
      ...{ imageTag, imageDigest: `sha256:${createHash("sha256").update(manifest).digest("hex")}` },
    };
    return emulator.call({
      account,
      method: "POST",
      target: "/",
      headers: {
        host: `api.ecr.${awsRegion}.amazonaws.com`,
        authorization: authorizationFor("ecr", awsRegion),
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.PutImage",
      },
      body: Buffer.from(JSON.stringify(fields)),
    });
  }
}

/** As a registry tells its refusals. */
function refuse(response: FrontResponse, status: number, code: string, message: string, headers = {}): void {
  const body = JSON.stringify({ errors: [{ code, message }] });
  answer(response, status, { "content-type": "application/json", ...headers }, body);
}
