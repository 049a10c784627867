/** etcd, API server, controller manager and scheduler: their command lines. */
import { mkdirSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import type { Sandbox } from "../context.ts";
import { ensureProcess } from "../processes.ts";
import { auditArguments } from "./audit-log.ts";
import { type Credentials, frontProxyName } from "./credentials.ts";
import { type NodeLayout, type Program, ports, processName } from "./layout.ts";

export async function ensureApiServer(sandbox: Sandbox, node: NodeLayout, credentials: Credentials): Promise<void> {
  mkdirSync(node.file("etcd"), { recursive: true, mode: 0o700 });
  await start(sandbox, node, "etcd", etcdArguments(node));
  writeTokenWebhook(node, credentials);
  await start(sandbox, node, "kube-apiserver", [...apiServerArguments(node, credentials), ...asEks(node)]);
}

/** The same without what is EKS's own: as anybody's cluster would be. */
export async function ensurePlainApiServer(
  sandbox: Sandbox,
  node: NodeLayout,
  credentials: Credentials,
): Promise<void> {
  mkdirSync(node.file("etcd"), { recursive: true, mode: 0o700 });
  await start(sandbox, node, "etcd", etcdArguments(node));
  await start(sandbox, node, "kube-apiserver", apiServerArguments(node, credentials));
}

/** Both need an API server that answers: they give up where they find none. */
export async function ensureControllers(sandbox: Sandbox, node: NodeLayout, credentials: Credentials): Promise<void> {
  const login = (kubeconfig: string) => [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    "--bind-address=127.0.0.1",
    "--leader-elect=false",
    "--profiling=false",
  ];
  await Promise.all([
    start(sandbox, node, "kube-controller-manager", [
      ...login(credentials.kubeconfig["controller-manager"]),
      `--root-ca-file=${credentials.trust}`,
      `--service-account-private-key-file=${credentials.serviceAccounts.privateKey}`,
      "--use-service-account-credentials",
      "--allocate-node-cidrs",
      `--cluster-cidr=${node.podRange}`,
      `--service-cluster-ip-range=${node.serviceRange}`,
    ]),
    start(sandbox, node, "kube-scheduler", login(credentials.kubeconfig.scheduler)),
  ]);
}

async function start(sandbox: Sandbox, node: NodeLayout, program: Program, args: string[]): Promise<void> {
  await ensureProcess(sandbox.paths, {
    name: processName(node, program),
    command: sandbox.tools.bin(program),
    args,
    namespace: node.name,
  });
}

function etcdArguments(node: NodeLayout): string[] {
  const clients = `http://127.0.0.1:${ports.etcd}`;
  const peers = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    `--name=${node.name}`,
    `--data-dir=${node.file("etcd")}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=${node.name}=${peers}`,
    "--auto-compaction-retention=5m",
    // What is in it is thrown away by `down`: a crash of the machine may cost it.
    "--unsafe-no-fsync",
  ];
}

function apiServerArguments(node: NodeLayout, credentials: Credentials): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--bind-address=${node.address}`,
    `--advertise-address=${node.address}`,
    "--secure-port=6443",
    `--tls-cert-file=${credentials.serving.certificate}`,
    `--tls-private-key-file=${credentials.serving.key}`,
    `--cert-dir=${node.file("kube-apiserver")}`,
    `--client-ca-file=${credentials.clientAuthority}`,
    "--anonymous-auth=false",
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    `--encryption-provider-config=${credentials.encryption}`,
    `--service-account-issuer=${node.issuer}`,
    `--service-account-key-file=${credentials.serviceAccounts.publicKey}`,
    `--service-account-signing-key-file=${credentials.serviceAccounts.privateKey}`,
    `--service-cluster-ip-range=${node.serviceRange}`,
    `--kubelet-certificate-authority=${credentials.trust}`,
    `--kubelet-client-certificate=${credentials.kubeletClient.certificate}`,
    `--kubelet-client-key=${credentials.kubeletClient.key}`,
    "--kubelet-preferred-address-types=InternalIP",
    `--requestheader-client-ca-file=${credentials.frontProxy.authority}`,
    `--requestheader-allowed-names=${frontProxyName}`,
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    `--proxy-client-cert-file=${credentials.frontProxy.client.certificate}`,
    `--proxy-client-key-file=${credentials.frontProxy.client.key}`,
    // Cilium's agent and the image builder ask for more than the default; Pod Security decides per namespace.
    "--allow-privileged",
    "--profiling=false",
    ...auditArguments(node),
  ];
}

/** Tokens of `aws eks get-token` log in, and the keys of service accounts are published outside. */
function asEks(node: NodeLayout): string[] {
  return [
    `--authentication-token-webhook-config-file=${node.file("token-webhook.yaml")}`,
    "--authentication-token-webhook-version=v1",
    `--service-account-jwks-uri=${node.issuer}/openid/v1/jwks`,
  ];
}

/** Tokens of `aws eks get-token` are judged by eks-token.ts. */
function writeTokenWebhook(node: NodeLayout, credentials: Credentials): void {
  const name = "eks-token";
  const server = `https://127.0.0.1:${ports.hooks}/authenticate`;
  writeFileSync(
    node.file("token-webhook.yaml"),
    stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server, "certificate-authority": credentials.trust } }],
      users: [{ name, user: {} }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      "current-context": name,
    }),
  );
}
