/** The cloud's one HTTPS endpoint: takes each request to who answers it (routes.ts). */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../shared/errors.ts";
import { accounts, awsRegion, ecrHost, names } from "../../hosts.ts";
import { createAzureFront } from "../azure/front.ts";
import { createCloudflareFront } from "../cloudflare/front.ts";
import { createGoogleFront } from "../google/front.ts";
import { Keeper } from "../keeper/keeper.ts";
import { operations } from "../keeper/operations.ts";
import { Store } from "../keeper/store.ts";
import { lookupEvents } from "../trail/lookup.ts";
import { Trail } from "../trail/trail.ts";
import { judgeablePart } from "./bucket-policy.ts";
import { type Caller, callerOf } from "./caller.ts";
import { describedCluster } from "./cluster-answer.ts";
import type { FrontConfig, Operator } from "./config.ts";
import { ecrCallOf, loginAction, loginOf } from "./ecr-judge.ts";
import { authorizationFor, type Emulator } from "./emulator.ts";
import {
  answer,
  type FrontRequest,
  type FrontResponse,
  flatHeaders,
  forwardedHeaders,
  hostOf,
  readWhole,
  splitTarget,
  TooLarge,
} from "./exchange.ts";
import { imageRegistry } from "./image-registry.ts";
import { allows, logCallOf } from "./log-judge.ts";
import { errorAnswer } from "./refusal-body.ts";
import { fromJudgeAccount, judgeAccount, toJudgeAccount } from "./role-account.ts";
import { RolePolicies } from "./role-policies.ts";
import { actionRoute, type Route, routeOf } from "./routes.ts";
import { Sessions } from "./sessions.ts";
import { signForObjects, verifySignature } from "./signature.ts";
import { exchange, stream, trustingAgent, type Upstream } from "./upstream.ts";

const configurationLimitBytes = 8 * 1024 * 1024;
const formLimitBytes = 64 * 1024;

export type FrontHandler = (request: FrontRequest, response: FrontResponse) => Promise<void>;

export function createFront(config: FrontConfig, emulator: Emulator): FrontHandler {
  const operators = new Map(config.operators.map((operator) => [operator.accessKeyId, operator]));
  const operatorKeys = new Set(operators.keys());
  const sessions = new Sessions(config.sessions, accounts.customer);
  const policies = new RolePolicies(emulator, accounts.customer);
  const trail = new Trail(config.trail);
  const keeper = new Keeper([...operations, lookupEvents(trail)], new Store(config.kept));
  const tls = { servername: names.aws, agent: trustingAgent(readFileSync(config.authority, "utf8")) };
  const objects: Upstream = { address: "127.0.0.1", port: config.ports.objects, tls };
  const tokens: Upstream = { address: config.address, port: config.ports.judge, tls };
  const registry: Upstream = { address: config.address, port: config.ports.registry };
  const images = imageRegistry({ registry, sessions, policies, emulator });
  const login: Upstream = { address: "127.0.0.1", port: config.ports.login };
  const google = config.google && createGoogleFront(config.google);
  const azure = config.azure && createAzureFront(config.azure);
  const cloudflare = config.cloudflare && createCloudflareFront(config.cloudflare);

  return async (request, response) => {
    try {
      if (google && hostOf(request) === names.google) return await google(request, response);
      if (azure && hostOf(request) === names.azure) return await azure(request, response);
      if (cloudflare && hostOf(request) === names.cloudflare) return await cloudflare(request, response);
      const head = {
        method: request.method ?? "GET",
        host: hostOf(request),
        target: request.url ?? "/",
        ...(request.headers.authorization ? { authorization: request.headers.authorization } : {}),
        ...(request.headers["content-type"] ? { contentType: request.headers["content-type"] } : {}),
      };
      await take(routeOf(head, operatorKeys), request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else if (error instanceof TooLarge) refuse(request, response, 413, "EntityTooLarge", error.message);
      else {
        // Without the query: it may hold a presigned URL's signature.
        console.error(`${request.method} ${splitTarget(request.url).path}: ${messageOf(error)}`);
        refuse(request, response, 503, "ServiceUnavailable", `The local cloud did not answer: ${messageOf(error)}`);
      }
    }
  };

  async function take(route: Route, request: FrontRequest, response: FrontResponse): Promise<void> {
    switch (route.to) {
      case "objects":
        return stream(request, response, objects);
      case "objects, then emulator":
        return configureBucket(request, response);
      case "bucket policy":
      case "emulator":
        return configure(request, response, route.to === "bucket policy");
      case "judged logs":
        return judgeCall(request, response, logCallOf);
      case "judged images":
        return judgeCall(request, response, ecrCallOf);
      case "image registry":
        return images(request, response);
      case "image pulls":
        return stream(request, response, registry);
      case "security-token":
        return exchangeToken(request, response, await readWhole(request, formLimitBytes));
      case "by form action": {
        const form = await readWhole(request, formLimitBytes);
        const route = actionRoute(new URLSearchParams(form.toString()).get("Action") ?? undefined);
        if (route.to === "security-token") return exchangeToken(request, response, form);
        return take(route, request, response);
      }
      case "issuer document": {
        const file = join(config.issuerDocuments, route.plane, route.document);
        if (existsSync(file)) return answer(response, 200, { "content-type": "application/json" }, readFileSync(file));
        return refuse(request, response, 404, "NotFound", `The ${route.plane} cluster has published no keys yet.`);
      }
      case "login":
        return stream(request, response, login, { "x-forwarded-proto": "https" });
      case "refuse":
        return refuse(request, response, route.status, route.code, route.message);
    }
  }

  async function configure(request: FrontRequest, response: FrontResponse, judged: boolean): Promise<void> {
    const caller = requireCaller(request);
    const operator = operators.get(caller.accessKeyId);
    if (!operator) throw new Error("only operators are routed here");
    const message = {
      method: request.method ?? "GET",
      target: request.url ?? "/",
      headers: flatHeaders(request),
      body: await readWhole(request, configurationLimitBytes),
    };
    const verdict = await verifySignature(message, caller, operator.secretAccessKey);
    if (!verdict.genuine) return refuse(request, response, 403, verdict.code, verdict.message);
    const { account } = operator;
    if (judged && message.method !== "GET") {
      const verdict = await judgePolicy(message, operator);
      if (verdict.status >= 300) return answer(response, verdict.status, verdict.headers, verdict.body);
    }
    const stored = await keeper.call(account, message, (passed) => emulator.call({ account, ...passed }));
    const identity = emulator.identityOf(account);
    if (identity) {
      const sourceAddress = request.socket.remoteAddress;
      trail.record({ account, caller, identity, message, answer: stored, ...(sourceAddress ? { sourceAddress } : {}) });
    }
    const facts = caller.service === "eks" ? config.clusterFacts[account] : undefined;
    const made = describedCluster(message.method, message.target, facts, stored);
    return answer(response, made.status, made.headers, made.body);
  }

  /** What the emulator would let everybody do: here only whom a session's role lets. */
  async function judgeCall(request: FrontRequest, response: FrontResponse, callOf: typeof logCallOf): Promise<void> {
    const caller = requireCaller(request);
    const session = sessions.find(caller.accessKeyId);
    if (!session) return refuse(request, response, 403, "UnrecognizedClientException", "No session has this key.");
    const body = await readWhole(request, configurationLimitBytes);
    const message = {
      method: request.method ?? "POST",
      target: request.url ?? "/",
      headers: flatHeaders(request),
      body,
    };
    const { headers } = message;
    const verdict = await verifySignature(message, caller, session.secretAccessKey);
    if (!verdict.genuine) return refuse(request, response, 403, verdict.code, verdict.message);
    const account = accounts.customer;
    const call = callOf(headers["x-amz-target"] ?? "", body, { region: caller.region, account });
    const genuine = headers["x-amz-security-token"] === session.sessionToken;
    if (!genuine || !call || !allows(await policies.of(session.role), call, session)) {
      const what = call ? `${call.action} on ${call.resource}` : headers["x-amz-target"];
      return refuse(request, response, 400, "AccessDeniedException", `${session.role} is not authorized: ${what}`);
    }
    const made = await emulator.call({ account, ...message });
    if (call.action !== loginAction || made.status !== 200) {
      return answer(response, made.status, made.headers, made.body);
    }
    const authorizationToken = loginOf(caller.accessKeyId, session);
    const expiresAt = Math.floor(session.expiresAt / 1_000);
    const told = { authorizationData: [{ authorizationToken, expiresAt, proxyEndpoint: `https://${ecrHost}` }] };
    return answer(response, 200, made.headers, JSON.stringify(told));
  }

  /** Gives the object store what it can judge of a policy; where that is nothing, it is to have none. */
  async function judgePolicy({ method, target, body }: { method: string; target: string; body: Buffer }, as: Operator) {
    const part = method === "PUT" ? judgeablePart(body.toString()) : undefined;
    const asked = {
      method: part === undefined ? "DELETE" : "PUT",
      target: `${splitTarget(target).path}?policy`,
      body: Buffer.from((part ?? "").replaceAll(as.account, judgeAccount)),
    };
    const headers = await signForObjects(asked, as, { host: names.aws, region: awsRegion });
    return exchange(objects, { ...asked, headers });
  }

  /** Make or delete a bucket. It may be in the emulator already, or no more, after an earlier attempt. */
  async function configureBucket(request: FrontRequest, response: FrontResponse): Promise<void> {
    const method = request.method ?? "PUT";
    const body = await readWhole(request, formLimitBytes);
    const judged = await exchange(objects, {
      method,
      target: request.url ?? "/",
      headers: forwardedHeaders(request),
      body,
    });
    if (judged.status < 300) {
      const key = requireCaller(request).accessKeyId;
      const mirrored = await emulator.call({
        account: operators.get(key)?.account ?? accounts.customer,
        method,
        target: splitTarget(request.url).path,
        headers: { host: names.aws, authorization: authorizationFor("s3", awsRegion) },
        body,
      });
      const asWanted = method === "PUT" ? mirrored.status === 409 : mirrored.status === 404;
      if (mirrored.status >= 300 && !asWanted)
        throw new Error(`the emulator answered ${mirrored.status} to ${method} of a bucket: ${mirrored.body}`);
    }
    return answer(response, judged.status, judged.headers, judged.body);
  }

  async function exchangeToken(request: FrontRequest, response: FrontResponse, form: Buffer): Promise<void> {
    const unsigned = callerOf(request.headers.authorization, new URLSearchParams()) === undefined;
    const action = new URLSearchParams(form.toString()).get("Action") ?? splitTarget(request.url).query.get("Action");
    if (action !== "AssumeRoleWithWebIdentity" && action !== "GetCallerIdentity") {
      const message = `The local STS cannot say whether a session may call ${action}: it has no such action.`;
      return refuse(request, response, 400, "NotImplemented", message);
    }
    const [path = "/", query] = (request.url ?? "/").split("?", 2);
    const target = unsigned && query !== undefined ? `${path}?${toJudgeAccount(query)}` : (request.url ?? "/");
    const body = unsigned && form.length > 0 ? Buffer.from(toJudgeAccount(form.toString())) : form;
    const headers = forwardedHeaders(request);
    const made = await exchange(tokens, { method: request.method ?? "POST", target, headers, body });
    const told = fromJudgeAccount(made.body.toString());
    if (action === "AssumeRoleWithWebIdentity" && made.status === 200) sessions.remember(told);
    return answer(response, made.status, made.headers, told);
  }
}

function requireCaller(request: FrontRequest): Caller {
  const caller = callerOf(request.headers.authorization, splitTarget(request.url).query);
  if (!caller) throw new Error("an unsigned request was routed to where only signed ones go");
  return caller;
}

function refuse(request: FrontRequest, response: FrontResponse, status: number, code: string, message: string): void {
  const service = callerOf(request.headers.authorization, splitTarget(request.url).query)?.service;
  const form = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
  const { headers, body } = errorAnswer(service, form, code, message);
  answer(response, status, headers, request.method === "HEAD" ? "" : body);
  request.resume();
}
