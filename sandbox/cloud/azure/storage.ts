/**
 * Objects: what was judged goes on to azurite, which judges signatures of URLs by code of its own. Of those the front asks
 * besides whether their key was ever given, and what the identity that asked for it may.
 */
import { existsSync, readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { SignJWT } from "jose";
import { answer, type FrontRequest, type FrontResponse, readWhole, splitTarget } from "../front/exchange.ts";
import { exchange, stream, type Upstream } from "../front/upstream.ts";
import { type Reply, storageProblem } from "../google/answers.ts";
import type { Entries } from "../google/rights.ts";
import { writePrivate } from "../secret-file.ts";
import { type BlobCall, blobCallOf } from "./blob-call.ts";
import { type Asked, isAllowed } from "./rights.ts";

export interface BlobFront {
  upstream: Upstream;
  tenant: string;
  /** Keys of delegation that were given. */
  delegations: string;
  entries: () => Entries;
  /** Of a bearer token for Blob Storage: object id of whose it is. */
  principalOf: (token: string) => Promise<string | undefined>;
  /** Object id of who may read everything, and change nothing: no assignment of the stacks' says so. */
  reader: string;
}

const accounts = "Microsoft.Storage/storageAccounts";
const blobs = `${accounts}/blobServices/containers/blobs`;
const actions = {
  ...{ read: `${blobs}/read`, write: `${blobs}/write`, delete: `${blobs}/delete` },
  delegate: `${accounts}/blobServices/generateUserDelegationKey/action`,
};

export function blobFront({ upstream, tenant, delegations, entries, principalOf, reader }: BlobFront) {
  const made = new Set<string>();
  const target = upstream.tls?.servername ?? upstream.address;
  const host = `${target}:${upstream.port}`;

  /** azurite believes any token of the right form: this one comes from the front alone. */
  const tokenOf = (objectId: string) =>
    new SignJWT({ oid: objectId, tid: tenant, ver: "1.0" })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(`https://sts.windows.net/${tenant}/`)
      .setAudience("https://storage.azure.com")
      .setNotBefore("-5m")
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(new Uint8Array(32));

  async function ensureContainer(account: string, container: string): Promise<void> {
    if (made.has(`${account}/${container}`)) return;
    const headers = {
      host,
      authorization: `Bearer ${await tokenOf(tenant)}`,
      "x-ms-version": "2022-11-02",
      "content-length": 0,
    };
    const path = `/${account}/${container}?restype=container`;
    const answered = await exchange(upstream, { method: "PUT", target: path, headers, body: Buffer.alloc(0) });
    if (answered.status !== 201 && answered.status !== 409) {
      throw new Error(`the store answered ${answered.status} to a new container`);
    }
    made.add(`${account}/${container}`);
  }

  /** Who calls, by signed URL or by token. @returns a refusal for who cannot be told */
  async function callerOf(
    headers: IncomingHttpHeaders,
    query: URLSearchParams,
  ): Promise<{ principal: string } | Reply> {
    if (query.has("sig")) {
      // The store behind would believe a token in its place.
      if (headers.authorization)
        return storageProblem(403, "AuthenticationFailed", "by a signature or by a token, not both");
      const key = ["skoid", "sktid", "skt", "ske"].map((name) => query.get(name) ?? "").join(" ");
      if (!given(delegations).includes(key)) {
        return storageProblem(
          403,
          "AuthenticationFailed",
          "no key of delegation was given for these times to this identity",
        );
      }
      return { principal: query.get("skoid") ?? "" };
    }
    const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
    const principal = token ? await principalOf(token) : undefined;
    if (principal) return { principal };
    return storageProblem(401, "NoAuthenticationInformation", "Server failed to authenticate the request.");
  }

  function scopeOf({ account, container }: BlobCall): string | undefined {
    const id = Object.keys(entries()).find((path) => path.endsWith(`/providers/${accounts}/${account}`));
    const path = id && container ? `${id}/blobServices/default/containers/${container}` : id;
    return path && entries()[path] ? path : undefined;
  }

  /** @param path `/<account>/…`, with its query */
  return async (request: FrontRequest, response: FrontResponse, path: string): Promise<void> => {
    const reply = ({ status, headers = {}, body }: Reply) => {
      request.resume();
      answer(response, status, headers, request.method === "HEAD" ? "" : body);
    };
    const call = blobCallOf(request.method ?? "GET", path);
    if (!call) return reply(storageProblem(400, "InvalidUri", "this is no call that is served here"));
    if (request.headers["x-ms-copy-source"])
      return reply(storageProblem(501, "NotImplemented", "copies are not served here"));
    const { query } = splitTarget(path);
    const who = await callerOf(request.headers, query);
    if ("body" in who) return reply(who);
    const scope = scopeOf(call);
    const asked: Asked = {
      principal: who.principal,
      action: actions[call.does],
      scope: scope ?? "",
      ...(call.blob ? { blob: call.blob } : {}),
    };
    const looks = who.principal === reader && call.does === "read";
    if (!scope || !(looks || isAllowed(entries(), asked))) {
      const message = "This request is not authorized to perform this operation using this permission.";
      return reply(storageProblem(403, "AuthorizationPermissionMismatch", message));
    }
    const authorization = query.has("sig") ? {} : { authorization: `Bearer ${await tokenOf(who.principal)}` };
    if (call.does === "delegate") {
      const body = await readWhole(request, 64 * 1024);
      const headers = { "x-ms-version": "2022-11-02", "content-type": "application/xml", ...authorization, host };
      const answered = await exchange(upstream, { method: "POST", target: path, headers, body });
      if (answered.status === 200) note(delegations, answered.body.toString());
      return answer(response, answered.status, answered.headers, answered.body);
    }
    await ensureContainer(call.account, call.container ?? "");
    request.url = path;
    return stream(request, response, upstream, { ...authorization, host });
  };
}

function given(file: string): string[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as string[]) : [];
}

function note(file: string, xml: string): void {
  const textOf = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
  const key = ["SignedOid", "SignedTid", "SignedStart", "SignedExpiry"].map(textOf).join(" ");
  const still = given(file).filter((one) => Date.parse(one.split(" ").at(-1) ?? "") > Date.now());
  writePrivate(file, JSON.stringify([...still, key]));
}
