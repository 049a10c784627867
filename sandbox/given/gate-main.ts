/**
 * Stands where a node of our own would stand, for a cluster that was given. Its API as EKS offers it: a token of `aws eks
 * get-token`, or a client certificate of the plane's own authority, and behind it the owner's credentials. Beside it the
 * webhook for its pods, the issuer's documents, and its NodePorts. Started by gate.ts with the path of its configuration.
 */
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer as createHttps } from "node:https";
import { connect, type Server } from "node:net";
import { pipeline } from "node:stream";
import type { TLSSocket } from "node:tls";
import { recordsIn } from "../dns.ts";
import { type AdmissionReview, admitPod, type ServiceAccount } from "../node/admission.ts";
import { createHookServer, log } from "../node/hook-server.ts";
import { judgeLogin } from "../node/token-login.ts";
import type { KeyPairFiles } from "../pki.ts";
import { forwarder, refuse } from "./forward.ts";
import type { GateConfig, Place } from "./gate-config.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import { listenAt } from "./listen.ts";
import { ownerApi, ownerConnection } from "./owner-api.ts";

const config = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as GateConfig;
const given = loadKubeconfig(config.plane, config.kubeconfig);
const api = ownerApi(given);

await Promise.all([serveApi(), serveWebhook(), serveIssuer(), ...config.forwards.map(serveForward)]);
process.once("SIGTERM", () => process.exit(0));
log("all places are open");

async function serveApi(): Promise<void> {
  const { serving, clientAuthority, tokens } = config.api;
  const { request, upgrade } = forwarder(ownerConnection(given));
  const admits = (incoming: IncomingMessage): boolean => {
    if ((incoming.socket as TLSSocket).authorized) return true;
    const token = /^Bearer (.+)$/.exec(incoming.headers.authorization ?? "")?.[1];
    const verdict = token === undefined ? undefined : judgeLogin(tokens, token);
    if (verdict?.accepted === false) log(`token refused: ${verdict.reason}`);
    return verdict?.accepted === true;
  };
  const server = createHttps(
    { ...pairOf(serving), ca: readFileSync(clientAuthority), requestCert: true, rejectUnauthorized: false },
    (incoming, response) => {
      if (admits(incoming)) request(incoming, response);
      else refuse(response, 401, "Unauthorized", "Unauthorized");
    },
  );
  server.on("upgrade", (incoming, socket, head) => {
    if (admits(incoming)) upgrade(incoming, socket, head);
    else socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
  });
  await serve(config.api, server);
}

async function serveWebhook(): Promise<void> {
  const { serving, authority, dnsFolder } = config.webhook;
  const elsewhere = () => ({ authority: readFileSync(authority, "utf8"), hosts: recordsIn(dnsFolder) });
  const read = (path: string) => api.read<ServiceAccount>(path);
  const server = createHookServer(serving, {
    "/mutate": (question) => admitPod(question as AdmissionReview, read, { elsewhere: elsewhere() }),
  });
  await serve(config.webhook, server);
}

async function serveIssuer(): Promise<void> {
  if (!config.issuer) return;
  const { serving, documents } = config.issuer;
  const server = createHttps(pairOf(serving), (incoming, response) => {
    const file = incoming.method === "GET" ? documents[incoming.url ?? ""] : undefined;
    response.writeHead(file ? 200 : 404, { "content-type": "application/json" });
    response.end(file ? readFileSync(file) : "{}");
  });
  await serve(config.issuer, server);
}

async function serveForward({ to, ...place }: GateConfig["forwards"][number]): Promise<void> {
  const server = await listenAt(place);
  server.on("connection", (near) => {
    const far = connect(to);
    // Either end's failure ends both.
    pipeline(near, far, near, () => {
      near.destroy();
      far.destroy();
    });
  });
}

/** @param server that answers the connections; the socket may be in another namespace. */
async function serve(place: Place, server: Server): Promise<void> {
  const listener = await listenAt(place);
  listener.on("connection", (socket) => server.emit("connection", socket));
}

function pairOf({ certificate, key }: KeyPairFiles) {
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}
