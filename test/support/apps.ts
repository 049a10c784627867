/** Apps of the local run as the internet reaches them: by their public names, through the edge and down the tunnel. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { LookupFunction } from "node:net";
import { text } from "node:stream/consumers";
import { WebSocket } from "ws";
import { gatewayNamespace, gatewayService } from "../../components/serving/contract.ts";
import { appsDomain, network } from "../../sandbox/hosts.ts";
import { servesApps } from "../../sandbox/verify-target.ts";
import { flyteSays } from "./client.ts";
import { kubectl } from "./kubectl.ts";
import { environment } from "./local-run.ts";

const { project, domain } = environment;
const ca = readFileSync(environment.caFile);

/** Whether the toolchain's part `apps` was built before the planes came up. */
export const served = servesApps(environment);

export const place = ["--project", project, "--domain", domain];
export const appNamespace = `${project}-${domain}`;
export const hostOf = (name: string) => `${name}-${project}-${domain}.${appsDomain}`;

/** By the client, from examples/with_app.py. */
export function deployApp(name: string, version: string, env: Record<string, string> = {}): Promise<string> {
  return flyteSays(["deploy", ...place, "--version", `v${version}`, "with_app.py", "env"], new RegExp(name), {
    ...{ BIPLANE_APP: name, BIPLANE_APP_VERSION: version, ...env },
  });
}

/** Of the gateway within its cluster, where nobody is asked who it is. */
export function gatewayAddress(): Promise<string> {
  const name = ["get", "service", gatewayService, "--namespace", gatewayNamespace];
  return kubectl("customer", ...name, "--output", "jsonpath={.spec.clusterIP}");
}

/** Of the app's newest revision, as Knative counts them: one that ends is none any more. */
export function replicasOf(name: string): Promise<string> {
  const found = ["--namespace", appNamespace, "--selector", `biplane.dev/app=${name}`];
  const count = ["--output", "jsonpath={.items[-1:].status.actualReplicas}"];
  return kubectl("customer", "get", "revisions.serving.knative.dev", ...found, ...count);
}

export interface AppRequest {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

/** The edge's address is said: no hosts file of this machine's has a name for every app. */
export async function open(
  host: string,
  { path = "/", method = "GET", headers = {}, body }: AppRequest = {},
): Promise<IncomingMessage> {
  const to = { host: network.hosts.edge.address, servername: host, ca, agent: false };
  const sent = request({ ...to, path, method, headers: { host, ...headers } });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return answer;
}

export async function reach(host: string, asked: AppRequest = {}) {
  const answer = await open(host, asked);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
}

/** A WebSocket to it, not open yet. */
export function socketTo(host: string, path: string, headers: Record<string, string> = {}): WebSocket {
  const lookup: LookupFunction = (_name, _options, found) =>
    found(null, [{ address: network.hosts.edge.address, family: 4 }]);
  return new WebSocket(`wss://${host}${path}`, { headers, ca, lookup });
}

/** An app's site, as a browser that looks at it asks. */
export const siteOf =
  (host: string): typeof fetch =>
  async (input, options) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const given = Object.fromEntries(new Headers(options?.headers));
    const { status, headers, body } = await reach(host, {
      ...{ path: pathname + search, headers: { accept: "text/html", ...given } },
    });
    const read = new Headers();
    for (const [name, value] of Object.entries(headers)) for (const one of [value ?? []].flat()) read.append(name, one);
    return new Response(body, { status, headers: read });
  };
