/**
 * Google's REST APIs at one origin, as the kit's services and programs call them: each call by an access token or a signed
 * URL, judged by the allow policies of the project that the provider keeps, as IAM would.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JSONWebKeySet } from "jose";
import { answerRead } from "../../gcp-reads/index.ts";
import { checkSigned, isSigned } from "../../gcs/check.ts";
import { google, names } from "../../hosts.ts";
import {
  answer,
  type FrontRequest,
  type FrontResponse,
  fieldsOf,
  flatHeaders,
  readWhole,
  splitTarget,
} from "../front/exchange.ts";
import { ActivityLog, auditView } from "./activity.ts";
import { json, problem, type Reply, storageProblem } from "./answers.ts";
import type { GoogleConfig } from "./config.ts";
import { accountPath, actAsAccount, SigningKeys } from "./iam-credentials.ts";
import { keptReader } from "./kept-reader.ts";
import { listEntries } from "./logging.ts";
import { Parts } from "./parts.ts";
import { type Asked, isAllowed } from "./rights.ts";
import { Secrets } from "./secrets.ts";
import { makeAccount } from "./service-accounts.ts";
import { objectStore } from "./storage.ts";
import { askedOf, type StorageCall, storageCallOf } from "./storage-call.ts";
import { exchangeToken, type Pool } from "./token-service.ts";
import { Tokens } from "./tokens.ts";
import { refusedByTransport } from "./transport.ts";

const bodyLimitBytes = 1024 * 1024;

export type GoogleHandler = (request: FrontRequest, response: FrontResponse) => Promise<void>;

export function createGoogleFront(config: GoogleConfig): GoogleHandler {
  const entries = keptReader(config.kept);
  const tokens = new Tokens(join(config.state, "tokens.json"));
  const keys = new SigningKeys(join(config.state, "keys"));
  const secrets = new Secrets(join(config.state, "secrets.json"));
  const activity = new ActivityLog(join(config.state, "activity.jsonl"));
  const upstream = { address: "127.0.0.1", port: config.storePort };
  const objects = objectStore({ upstream, host: names.google, parts: new Parts(join(config.state, "parts")) });
  const pool: Pool = {
    name: google.pool,
    issuer: `https://${names.oidc("customer")}`,
    keys: () => {
      const file = join(config.issuerDocuments, "customer", "jwks.json");
      return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as JSONWebKeySet) : undefined;
    },
  };

  return async (request, response) => {
    const [method, target] = [request.method ?? "GET", request.url ?? "/"];
    const call = storageCallOf(method, target);
    if (call) return takeObjects(call, request, response);
    const made = await takeCall(method, target, request);
    return answer(response, made.status, made.headers ?? {}, method === "HEAD" ? "" : made.body);
  };

  async function takeObjects(call: StorageCall, request: FrontRequest, response: FrontResponse): Promise<void> {
    const who = callerOf(request);
    const refusal = "body" in who ? who : (judged(call, who.principal) ?? refusedByTransport(entries(), call, request));
    if (!refusal) return objects(call, request, response);
    answer(response, refusal.status, refusal.headers ?? {}, request.method === "HEAD" ? "" : refusal.body);
    request.resume();
  }

  /** Who calls, by signed URL or by token. @returns a refusal for who cannot be told */
  function callerOf(request: FrontRequest): { principal: string } | Reply {
    const target = request.url ?? "/";
    if (isSigned({ target })) {
      const received = { method: request.method ?? "GET", target, headers: flatHeaders(request) };
      const known = (account: string) => accountPath(entries(), account) && keys.publicOf(account);
      const verdict = checkSigned(received, (account) => known(account) || undefined, Date.now());
      if ("code" in verdict) return storageProblem(verdict.status, verdict.code, verdict.message);
      return { principal: `serviceAccount:${verdict.account}` };
    }
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const principal = token ? principalOf(token) : undefined;
    return principal ? { principal } : problem(401, "Request had invalid authentication credentials.");
  }

  function principalOf(token: string): string | undefined {
    // Written by whoever brings the cloud up, before anybody has it.
    if (token === readFileSync(config.operatorToken, "utf8")) return google.operator;
    return tokens.principalOf(token);
  }

  /** @returns a refusal, if it is one */
  function judged(call: StorageCall, principal: string): Reply | undefined {
    const there = entries()[`b/${call.bucket}`] !== undefined;
    if (principal === google.operator)
      return there ? undefined : storageProblem(404, "NoSuchBucket", "there is no such bucket");
    if (there && isAllowed(entries(), askedOf(call, principal))) return undefined;
    const message = `${principal} does not have ${askedOf(call, principal).permissions.join()} access to the object (or it may not exist).`;
    return call.api === "json" ? problem(403, message) : storageProblem(403, "AccessDenied", message);
  }

  async function takeCall(method: string, target: string, request: FrontRequest): Promise<Reply> {
    const { path, query } = splitTarget(target);
    const body = await readWhole(request, bodyLimitBytes);
    // The one call without a token: it brings another.
    if (method === "POST" && path === "/v1/token") return exchangeToken(fieldsOf(request, body), pool, tokens);
    const who = callerOf(request);
    if ("body" in who) return who;
    const [, account, verb] = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):(\w+)$/.exec(path) ?? [];
    if (method === "POST" && account && verb) {
      const { principal } = who;
      return actAsAccount(
        { account: decodeURIComponent(account), method: verb, body, principal },
        entries(),
        tokens,
        keys,
      );
    }
    const allowed = (asked: Omit<Asked, "principal">) => isAllowed(entries(), { ...asked, principal: who.principal });
    const secret = secrets.take({ method, path, query, body: fieldsOf(request, body) }, allowed);
    if (secret) return secret;
    const owns = who.principal === google.operator;
    if (method === "POST" && path === "/v2/entries:list") {
      const mayRead = (asked: Omit<Asked, "principal">) => (owns && asked.name === auditView) || allowed(asked);
      return listEntries(fieldsOf(request, body), mayRead, activity);
    }
    const caller = { ip: request.socket.remoteAddress ?? "", agent: request.headers["user-agent"] ?? "" };
    const called = { method, path, body: fieldsOf(request, body), principal: who.principal, caller };
    const made = makeAccount(called, entries(), (asked) => owns || allowed(asked), activity);
    if (made) return made;
    // Who only looks at the configuration: nobody but the owner, since no binding of the kit's lets a workload.
    if (!owns) return problem(403, `${who.principal} may not call ${method} ${path}.`);
    const read = answerRead({ method, url: target }, { kept: entries(), secrets: secrets.list() });
    return json(read.body, read.status);
  }
}
