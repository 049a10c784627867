/** containerd: runs the pods, with its own root, state, socket and CNI configuration. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import type { Sandbox } from "../context.ts";
import { writeIfChanged } from "../files.ts";
import { ecrHost, names, network } from "../hosts.ts";
import { ensurePauseImage, pauseImage } from "../images/pause.ts";
import { ensureProcess } from "../processes.ts";
import { type NodeLayout, processName } from "./layout.ts";
import { waitUntil } from "./wait.ts";

const registryAddress = `http://${network.hosts.cloud.address}:5000`;

const debianPlugins = "/usr/lib/cni";

/** How a containerd finds the local registry: the file `<config_path>/<its name>/hosts.toml`. */
export const registryHosts = `server = "${registryAddress}"
[host."${registryAddress}"]
  capabilities = ["pull", "resolve"]
`;

/**
 * @param mountNamespace to run it in.
 * @param withAgent pods are given their network by Cilium's agent: connectPods() follows when it is ready. @default false
 */
export async function ensureRuntime(
  sandbox: Sandbox,
  node: NodeLayout,
  mountNamespace: string,
  withAgent = false,
): Promise<void> {
  writeConfiguration(node, withAgent ? agentPlugins(sandbox, node) : debianPlugins);
  if (!withAgent) connectPods(node, "10-bridge.conflist", bridge(node));
  const name = processName(node, "containerd");
  const [pauseArchive] = await Promise.all([
    ensurePauseImage(sandbox),
    ensureProcess(sandbox.paths, {
      name,
      command: sandbox.tools.bin("containerd"),
      args: ["--config", node.file("containerd.toml")],
      namespace: node.name,
      mountNamespace,
    }),
  ]);
  await waitUntil(sandbox.paths, `${name} answers`, [name], () => answers(node.containerdSocket));
  await importPause(sandbox, node, pauseArchive);
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", reject);
  });
}

/** Nothing can be pulled before the registry runs, and this image is part of every pod. */
async function importPause(sandbox: Sandbox, node: NodeLayout, archive: string): Promise<void> {
  const ctr = ["--address", node.containerdSocket, "--namespace", "k8s.io", "images"];
  const { stdout } = await execa(sandbox.tools.bin("ctr"), [...ctr, "list", "--quiet"]);
  if (stdout.split("\n").includes(pauseImage)) return;
  await execa(sandbox.tools.bin("ctr"), [...ctr, "import", archive]);
}

/**
 * From now on pods have a network, and the node can be Ready. Written in place: containerd 1.6 does not see a file that
 * is renamed into the folder.
 */
export function connectPods(node: NodeLayout, file: string, network: object): void {
  mkdirSync(node.file("cni"), { recursive: true });
  writeIfChanged(node.file("cni", file), JSON.stringify(network, null, 2));
}

/** A folder with the agent's plugin, and Debian's for the loopback. */
function agentPlugins(sandbox: Sandbox, node: NodeLayout): string {
  const folder = node.file("cni-plugins");
  mkdirSync(folder, { recursive: true });
  const plugins = { loopback: join(debianPlugins, "loopback"), "cilium-cni": sandbox.tools.bin("cilium-cni") };
  for (const [plugin, program] of Object.entries(plugins)) {
    rmSync(join(folder, plugin), { force: true });
    symlinkSync(program, join(folder, plugin));
  }
  return folder;
}

function writeConfiguration(node: NodeLayout, plugins: string): void {
  for (const host of [names.registry, ecrHost]) {
    const registry = node.file("certs.d", host);
    mkdirSync(registry, { recursive: true });
    writeFileSync(`${registry}/hosts.toml`, registryHosts);
  }
  mkdirSync(node.file("cni"), { recursive: true });
  writeIfChanged(node.file("containerd.toml"), containerdToml(node, plugins));
}

function bridge(node: NodeLayout) {
  return {
    cniVersion: "0.4.0",
    name: node.name,
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        // Once for all pods: pod-traffic.ts.
        ipMasq: false,
        hairpinMode: true,
        ipam: { type: "host-local", ranges: [[{ subnet: node.podSubnet }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

function containerdToml(node: NodeLayout, plugins: string): string {
  return `version = 2
root = "${node.file("containerd", "root")}"
state = "${node.file("containerd", "state")}"
# The first makes /opt/containerd, the others wake up for nothing.
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.internal.v1.restart",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "${node.containerdSocket}"
[plugins."io.containerd.grpc.v1.cri"]
  # Without CAP_SYS_RESOURCE the score cannot be lowered, and every pod would fail.
  restrict_oom_score_adj = true
  sandbox_image = "${pauseImage}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${node.file("certs.d")}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${node.file("cni")}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
`;
}
