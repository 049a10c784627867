/** An API server that answers what a test says, over TLS with a token, and the kubeconfig that leads to it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { type Paths, paths } from "../../paths.ts";
import { ensureAuthority, ensureLeaf } from "../../pki.ts";

const token = "owners-token";

/** The parts that tests change. */
export interface FakeCluster {
  uid: string;
  minor: string;
  issuer: string;
  architecture: string;
  allocatable: Record<string, string>;
  /** Resources that nobody may touch. */
  forbidden: string[];
  /** Paths of objects that are there. */
  present: string[];
  /** More answers, before all others. */
  handle?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export function goodCluster(changes: Partial<FakeCluster> = {}): FakeCluster {
  return {
    uid: "cluster-1",
    minor: "31+",
    issuer: "https://kubernetes.default.svc.cluster.local",
    architecture: { x64: "amd64" }[process.arch as string] ?? process.arch,
    allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
    forbidden: [],
    present: [],
    ...changes,
  };
}

export interface Served {
  server: Server;
  url: string;
  kubeconfig: string;
  ca: string;
}

/** A folder for what a test writes, and the servers that it starts. */
export function workshop() {
  const folder = mkdtempSync(join(tmpdir(), "biplane-given-"));
  const own: Paths = paths({ BIPLANE_STATE: join(folder, "state"), BIPLANE_CACHE: folder });
  const pki: Paths = paths({ BIPLANE_STATE: join(folder, "owner"), BIPLANE_CACHE: folder });
  const servers: Server[] = [];
  return {
    paths: own,
    file(name: string, content: string): string {
      const path = join(folder, name);
      writeFileSync(path, content, { mode: 0o600 });
      return path;
    },
    async serve(name: string, cluster: FakeCluster): Promise<Served> {
      const authority = await ensureAuthority(pki);
      const pair = await ensureLeaf(pki, { name, addresses: ["127.0.0.1"] });
      const server = createServer(
        { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) },
        (request, response) => void answer(cluster, request, response),
      );
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const kubeconfig = this.file(`${name}.yaml`, kubeconfigOf(url, { token }, authority.certificate));
      return { server, url, kubeconfig, ca: authority.certificate };
    },
    close(): void {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      rmSync(folder, { recursive: true });
    },
  };
}

export function kubeconfigOf(server: string, user: object, authority?: string): string {
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server, ...(authority ? { "certificate-authority": authority } : {}) } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
}

async function answer(cluster: FakeCluster, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (cluster.handle?.(request, response)) return;
  const send = (status: number, body: object) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (request.headers.authorization !== `Bearer ${token}`) return send(401, { message: "Unauthorized" });
  const path = request.url?.split("?")[0] ?? "";
  if (request.method === "POST") {
    const review = (await json(request)) as { spec: { resourceAttributes: { resource: string } } };
    const allowed = !cluster.forbidden.includes(review.spec.resourceAttributes.resource);
    return send(201, { status: { allowed } });
  }
  const found = documents(cluster)[path] ?? (cluster.present.includes(path) ? {} : undefined);
  return found ? send(200, found) : send(404, { message: "not found" });
}

function documents({ uid, minor, issuer, architecture, allocatable }: FakeCluster): Record<string, object> {
  const node = {
    metadata: { name: "node-1" },
    spec: {},
    status: {
      addresses: [{ type: "InternalIP", address: "192.0.2.7" }],
      allocatable,
      conditions: [{ type: "Ready", status: "True" }],
      nodeInfo: { architecture, operatingSystem: "linux" },
    },
  };
  return {
    "/api/v1/namespaces/kube-system": { metadata: { uid } },
    "/version": { gitVersion: `v1.${minor.replace(/\D/g, "")}.2`, major: "1", minor },
    "/api/v1/nodes": { items: [node] },
    "/api/v1/pods": { items: [] },
    "/api/v1/namespaces/default/endpoints/kubernetes": { subsets: [{ ports: [{ port: 6443 }] }] },
    "/api/v1/namespaces/kube-system/services/kube-dns": { spec: { clusterIPs: ["10.96.0.10"] } },
    "/.well-known/openid-configuration": { issuer, jwks_uri: "https://10.0.0.1:6443/openid/v1/jwks" },
    "/openid/v1/jwks": { keys: [{ kid: "1" }] },
  };
}
