/**
 * Azure's REST APIs at one origin, each beneath its kind (shared/azure.ts): every call by an access token or a signed URL,
 * judged by the role assignments of the subscription that the provider keeps, as Azure would.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JSONWebKeySet } from "jose";
import { answerRead } from "../../azure-reads/index.ts";
import { azure } from "../../hosts.ts";
import { isOperatorToken } from "../../node/operator-login.ts";
import { answer, type FrontRequest, type FrontResponse, fieldsOf, readWhole, splitTarget } from "../front/exchange.ts";
import { trustingAgent } from "../front/upstream.ts";
import { json, problem, type Reply } from "../google/answers.ts";
import { keptReader } from "../google/kept-reader.ts";
import { ensureSecret } from "../secret-file.ts";
import { ActivityLog } from "./activity.ts";
import type { AzureConfig } from "./config.ts";
import { queryLogs } from "./logs.ts";
import { type Asked, isAllowed } from "./rights.ts";
import { blobFront } from "./storage.ts";
import { principalOf, type Tenant, tradeToken } from "./token-service.ts";
import { Vaults } from "./vault.ts";

const notTheOwner = "The client does not have authorization to perform this action.";
const bodyLimitBytes = 1024 * 1024;

export type AzureHandler = (request: FrontRequest, response: FrontResponse) => Promise<void>;

export function createAzureFront(config: AzureConfig): AzureHandler {
  const entries = keptReader(config.kept);
  const activity = new ActivityLog(config.activity);
  const vaults = new Vaults(join(config.state, "secrets.json"));
  const tenant: Tenant = {
    id: config.tenant,
    issuer: config.issuer,
    secret: Buffer.from(ensureSecret(join(config.state, "token-key"))),
    keys: () => {
      const file = join(config.issuerDocuments, "customer", "jwks.json");
      return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as JSONWebKeySet) : undefined;
    },
  };
  // Written by whoever brings the cloud up, before anybody has it.
  const isOperator = (token: string) => isOperatorToken(config.operatorToken, token);
  const agent = trustingAgent(readFileSync(config.authority, "utf8"));
  const objects = blobFront({
    upstream: { address: "127.0.0.1", port: config.storePort, tls: { servername: config.storeName, agent } },
    tenant: config.tenant,
    delegations: join(config.state, "delegations.json"),
    entries,
    principalOf: async (token) =>
      isOperator(token) ? azure.operator.objectId : principalOf(token, "https://storage.azure.com", tenant),
    reader: azure.operator.objectId,
  });

  return async (request, response) => {
    const target = request.url ?? "/";
    const [, api = "", rest = ""] = /^\/(\w+)(\/.*)$/s.exec(target) ?? [];
    if (api === "blob") return objects(request, response, rest);
    const { status, headers = {}, body } = await takeCall(api, rest, request);
    answer(response, status, headers, body);
  };

  async function takeCall(api: string, target: string, request: FrontRequest): Promise<Reply> {
    const method = request.method ?? "GET";
    const { path } = splitTarget(target);
    const body = fieldsOf(request, await readWhole(request, bodyLimitBytes));
    if (api === "login") {
      const isToken = method === "POST" && path.replace(/^\/+/, "/") === `/${config.tenant}/oauth2/v2.0/token`;
      return isToken ? tradeToken(body, tenant, entries()) : problem(404, "there is no such tenant, or no such page");
    }
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (api === "management") return token && isOperator(token) ? lookAt(method, target) : problem(403, notTheOwner);
    const resource = { vault: "https://vault.azure.net", logs: "https://api.loganalytics.io" }[api];
    if (!resource) return problem(404, `${api} is none of the APIs here`);
    const principal = token ? await principalOf(token, resource, tenant) : undefined;
    if (!principal) return problem(401, "Request had no valid token for this API.");
    const allowed = (asked: Omit<Asked, "principal">) => isAllowed(entries(), { ...asked, principal });
    if (api === "vault") return vaults.take({ method, path, body }, entries(), allowed);
    return queryLogs(path, body, entries(), allowed);
  }

  /** The configuration: nobody but the owner, since no role of the kit's lets a workload. */
  function lookAt(method: string, target: string): Reply {
    const origin = "https://management.azure.com";
    const subscription = { kept: entries(), secrets: vaults.list(), activity: () => activity.events() };
    const read = answerRead({ method, url: `${origin}${target}` }, subscription);
    const next =
      "nextLink" in read.body ? { nextLink: String(read.body.nextLink).replace(origin, config.manager) } : {};
    return json({ ...read.body, ...next }, read.status);
  }
}
