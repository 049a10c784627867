/**
 * Who is who in one cluster. Components log in with client certificates of the cluster's own authority, so that an
 * administrator of one cluster is nobody in the other; servers show certificates of the sandbox's authority, which pods
 * trust.
 */
import { generateKeyPair, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { names } from "../hosts.ts";
import type { Paths } from "../paths.ts";
import { ensureAuthority, ensureLeaf, type KeyPairFiles } from "../pki.ts";
import type { NodeLayout } from "./layout.ts";

export const adminUser = { commonName: "biplane:admin", organization: "system:masters" };

/** Kubernetes users; RBAC knows the `system:` ones, access.ts binds the others. */
const users = {
  admin: adminUser,
  "controller-manager": { commonName: "system:kube-controller-manager" },
  scheduler: { commonName: "system:kube-scheduler" },
  proxy: { commonName: "system:kube-proxy" },
  dns: { commonName: "eks:dns" },
  hooks: { commonName: "eks:hooks" },
  "policy-agent": { commonName: "eks:policy-agent" },
  metrics: { commonName: "eks:metrics-server" },
} as const;

/** Common name of whoever passes calls on. */
export const frontProxyName = "front-proxy-client";

/** As the API server names the metrics server. */
const metricsService = "metrics-server.kube-system.svc";

type User = keyof typeof users | "kubelet";

export interface Credentials {
  /** What clients trust. */
  trust: string;
  /** Signs client certificates of this cluster only. */
  clientAuthority: string;
  serving: KeyPairFiles;
  /** Loopback server of hooks-main.ts. */
  hooksServing: KeyPairFiles;
  /** Of metrics-server.ts, as the API server calls it. */
  metricsServing: KeyPairFiles;
  /** By which the API server tells who calls, where it passes a call on. */
  frontProxy: { authority: string; client: KeyPairFiles };
  kubelet: KeyPairFiles;
  /** The API server as client of the kubelet: logs, exec. */
  kubeletClient: KeyPairFiles;
  hooks: KeyPairFiles;
  serviceAccounts: { privateKey: string; publicKey: string };
  encryption: string;
  /** Kubeconfig file of each component. */
  kubeconfig: Record<User, string>;
}

export async function ensureCredentials(paths: Paths, node: NodeLayout): Promise<Credentials> {
  mkdirSync(node.folder, { recursive: true, mode: 0o700 });
  const trust = (await ensureAuthority(paths)).certificate;
  const authority = `${node.plane}-clients`;
  const clientAuthority = (await ensureAuthority(paths, authority)).certificate;
  const leaf = (name: string, rest: { commonName: string; organization?: string; authority?: string }) =>
    ensureLeaf(paths, { name: `${node.plane}-${name}`, ...rest });
  const serving = await ensureLeaf(paths, {
    name: `${node.plane}-kube-apiserver`,
    dns: [
      names.api(node.plane),
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
    ],
    addresses: [node.address, node.kubernetesService, "127.0.0.1"],
  });
  const hooksServing = await ensureLeaf(paths, { name: `${node.plane}-hooks-server`, addresses: ["127.0.0.1"] });
  const metricsServing = await ensureLeaf(paths, {
    name: `${node.plane}-metrics-server`,
    dns: [metricsService],
  });
  const fronts = `${node.plane}-front-proxy`;
  const frontProxy = {
    authority: (await ensureAuthority(paths, fronts)).certificate,
    client: await leaf("front-proxy-client", { commonName: frontProxyName, authority: fronts }),
  };
  const kubeletServing = await ensureLeaf(paths, {
    name: `${node.plane}-kubelet-server`,
    dns: [node.name],
    addresses: [node.address],
  });
  const kubeletClient = await leaf("kubelet-client", { commonName: "eks:kubelet-client", authority });
  const kubeletUser = { commonName: `system:node:${node.name}`, organization: "system:nodes" };
  const kubeconfig: Partial<Record<User, string>> = {};
  let hooks: KeyPairFiles | undefined;
  for (const [user, subject] of Object.entries({ ...users, kubelet: kubeletUser }) as [User, typeof kubeletUser][]) {
    const pair = await leaf(`user-${user}`, { ...subject, authority });
    if (user === "hooks") hooks = pair;
    kubeconfig[user] = user === "admin" ? node.adminKubeconfig : node.file("kubeconfig", user);
    writeKubeconfig(kubeconfig[user], { ...node, trust, pair });
  }
  if (hooks === undefined) throw new Error("no credentials for hooks");
  return {
    trust,
    clientAuthority,
    serving,
    hooksServing,
    metricsServing,
    frontProxy,
    kubelet: kubeletServing,
    kubeletClient,
    hooks,
    serviceAccounts: await ensureServiceAccountKeys(node),
    encryption: ensureEncryption(node),
    kubeconfig: kubeconfig as Record<User, string>,
  };
}

/** How a client certificate logs in. */
export interface CertificateLogin {
  /** Of the cluster in the file. */
  name: string;
  endpoint: string;
  trust: string;
  pair: KeyPairFiles;
}

/** Whole in one file, so that it can be handed on. */
export function writeKubeconfig(file: string, { name, endpoint, trust, pair }: CertificateLogin): void {
  const embed = (path: string) => readFileSync(path).toString("base64");
  writeSecret(
    file,
    stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server: endpoint, "certificate-authority-data": embed(trust) } }],
      users: [
        { name, user: { "client-certificate-data": embed(pair.certificate), "client-key-data": embed(pair.key) } },
      ],
      contexts: [{ name, context: { cluster: name, user: name } }],
      "current-context": name,
    }),
  );
}

/** RSA, as EKS signs them: what verifies tokens there must be able to do it here. */
async function ensureServiceAccountKeys(node: NodeLayout): Promise<Credentials["serviceAccounts"]> {
  const files = { privateKey: node.file("service-accounts.key"), publicKey: node.file("service-accounts.pub") };
  if (existsSync(files.privateKey)) return files;
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  writeFileSync(files.publicKey, publicKey);
  writeSecret(files.privateKey, privateKey);
  return files;
}

/** Secrets are encrypted at rest by a key that only this node has. */
function ensureEncryption(node: NodeLayout): string {
  const file = node.file("encryption.yaml");
  if (existsSync(file)) return file;
  const keys = [{ name: "local", secret: randomBytes(32).toString("base64") }];
  writeSecret(
    file,
    stringify({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "EncryptionConfiguration",
      resources: [{ resources: ["secrets"], providers: [{ secretbox: { keys } }, { identity: {} }] }],
    }),
  );
  return file;
}

/** By rename: the file is whole or not there. */
function writeSecret(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
