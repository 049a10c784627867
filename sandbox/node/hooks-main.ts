/**
 * Loopback HTTPS server beside one API server. POST /authenticate: TokenReview; POST /mutate: AdmissionReview of a pod;
 * GET /healthz. Started by hooks.ts with the path of its configuration.
 */
import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, createServer } from "node:https";
import { json } from "node:stream/consumers";
import { messageOf } from "../../shared/errors.ts";
import { accounts, names } from "../hosts.ts";
import { accessKeyOf } from "./aws-profile.ts";
import { judgeToken, type Verdict } from "./eks-token.ts";
import type { HooksConfig } from "./hooks-config.ts";
import { httpsGet } from "./https-get.ts";
import { type Pod, patchPod } from "./pod-webhook.ts";

const config = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as HooksConfig;
const trust = readFileSync(config.api.trust);
const api = new Agent({
  keepAlive: true,
  ca: trust,
  cert: readFileSync(config.api.login.certificate),
  key: readFileSync(config.api.login.key),
});

interface TokenReview {
  spec: { token: string };
}

interface AdmissionReview {
  request: { uid: string; namespace: string; object: Pod & { spec: { serviceAccountName?: string } } };
}

function authenticate({ spec }: TokenReview): object {
  const verdict = judge(spec.token);
  if (!verdict.accepted) log(`token refused: ${verdict.reason}`);
  const username = `arn:aws:iam::${accounts[config.plane]}:user/${config.profile}`;
  return {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenReview",
    status: verdict.accepted
      ? { authenticated: true, user: { username, uid: verdict.accessKeyId, groups: ["system:masters"] } }
      : { authenticated: false },
  };
}

/** Both files can appear and change while this runs. */
function judge(token: string): Verdict {
  if (!existsSync(config.clusterNameFile))
    return { accepted: false, reason: "the cluster has no name in the cloud yet" };
  if (!existsSync(config.credentialsFile)) return { accepted: false, reason: "there are no cloud credentials yet" };
  const key = accessKeyOf(readFileSync(config.credentialsFile, "utf8"), config.profile);
  return judgeToken(token, {
    now: new Date(),
    host: names.aws,
    clusterName: readFileSync(config.clusterNameFile, "utf8").trim(),
    secretOf: (id) => (id === key?.id ? key.secret : undefined),
  });
}

async function mutate({ request }: AdmissionReview): Promise<object> {
  const { uid, namespace, object: pod } = request;
  const account = await serviceAccount(namespace, pod.spec.serviceAccountName || "default");
  const patch = patchPod(pod, namespace, account.metadata.annotations ?? {});
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: {
      uid,
      allowed: true,
      patchType: "JSONPatch",
      patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
    },
  };
}

interface ServiceAccount {
  metadata: { annotations?: Record<string, string> };
}

async function serviceAccount(namespace: string, name: string): Promise<ServiceAccount> {
  const url = new URL(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}`, config.api.endpoint);
  return JSON.parse(await httpsGet(url, { agent: api })) as ServiceAccount;
}

async function answer(request: IncomingMessage): Promise<object | undefined> {
  if (request.method === "GET" && request.url === "/healthz") return { healthy: true };
  const path = new URL(request.url ?? "/", "https://localhost").pathname;
  if (request.method === "POST" && path === "/authenticate") return authenticate((await json(request)) as TokenReview);
  if (request.method === "POST" && path === "/mutate") return mutate((await json(request)) as AdmissionReview);
  return undefined;
}

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}

const serving = { cert: readFileSync(config.serving.certificate), key: readFileSync(config.serving.key) };
const server = createServer(serving, (request, response) => {
  answer(request).then(
    (body) => {
      response.writeHead(body ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify(body ?? { error: "no such path" }));
    },
    (error: unknown) => {
      log(messageOf(error));
      response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: messageOf(error) }));
    },
  );
});
server.listen(config.port, "127.0.0.1");
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
