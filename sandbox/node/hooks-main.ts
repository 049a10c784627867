/**
 * Loopback HTTPS server beside one API server. POST /authenticate: TokenReview; POST /mutate: AdmissionReview of a pod;
 * GET /healthz. Started by hooks.ts with the path of its configuration.
 */
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { accounts } from "../hosts.ts";
import { type AdmissionReview, admitPod, type ServiceAccount } from "./admission.ts";
import { createHookServer, log } from "./hook-server.ts";
import type { HooksConfig } from "./hooks-config.ts";
import { httpsGet } from "./https-get.ts";
import { isOperatorToken } from "./operator-login.ts";
import { judgeLogin } from "./token-login.ts";

const config = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as HooksConfig;
const api = new Agent({
  keepAlive: true,
  ca: readFileSync(config.api.trust),
  cert: readFileSync(config.api.login.certificate),
  key: readFileSync(config.api.login.key),
});

interface TokenReview {
  spec: { token: string };
}

function authenticate({ spec }: TokenReview): object {
  if (config.operator) {
    const { username, tokenFile } = config.operator;
    const accepted = isOperatorToken(tokenFile, spec.token);
    if (!accepted) log("token refused: it is not the access token of who owns what the cluster stands in");
    return review(accepted ? { username, uid: username } : undefined);
  }
  const verdict = judgeLogin(config, spec.token);
  if (!verdict.accepted) log(`token refused: ${verdict.reason}`);
  const username = `arn:aws:iam::${accounts[config.plane]}:user/${config.profile}`;
  return review(verdict.accepted ? { username, uid: verdict.accessKeyId } : undefined);
}

function review(user: { username: string; uid: string } | undefined): object {
  return {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenReview",
    status: user ? { authenticated: true, user: { ...user, groups: ["system:masters"] } } : { authenticated: false },
  };
}

async function readAccount(path: string): Promise<ServiceAccount> {
  return JSON.parse(await httpsGet(new URL(path, config.api.endpoint), { agent: api })) as ServiceAccount;
}

createHookServer(config.serving, {
  "/authenticate": (question) => authenticate(question as TokenReview),
  "/mutate": (question) =>
    admitPod(question as AdmissionReview, readAccount, { cloud: config.operator?.cloud ?? "aws" }),
}).listen(config.port, "127.0.0.1");
