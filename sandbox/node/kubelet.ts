import { mkdirSync } from "node:fs";
import { stringify } from "yaml";
import type { Sandbox } from "../context.ts";
import { writeIfChanged } from "../files.ts";
import type { Cloud } from "../model.ts";
import { ensureProcess } from "../processes.ts";
import type { Credentials } from "./credentials.ts";
import { type NodeLayout, processName } from "./layout.ts";

/** @param mountNamespace containerd's: each sees what the other mounts. */
export async function ensureKubelet(
  sandbox: Sandbox,
  node: NodeLayout,
  credentials: Credentials,
  mountNamespace: string,
  cloud: Cloud = "aws",
): Promise<void> {
  mkdirSync(node.folder, { recursive: true });
  writeIfChanged(node.file("kubelet.yaml"), stringify(kubeletConfiguration(node, credentials)));
  await ensureProcess(sandbox.paths, {
    name: processName(node, "kubelet"),
    command: sandbox.tools.bin("kubelet"),
    args: [
      `--config=${node.file("kubelet.yaml")}`,
      `--kubeconfig=${credentials.kubeconfig.kubelet}`,
      `--hostname-override=${node.name}`,
      `--node-ip=${node.address}`,
      // As GKE marks nodes whose pods ask its metadata server.
      ...(cloud === "gcp" ? ["--node-labels=iam.gke.io/gke-metadata-server-enabled=true"] : []),
    ],
    namespace: node.name,
    mountNamespace,
  });
}

function kubeletConfiguration(node: NodeLayout, credentials: Credentials) {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: node.address,
    healthzBindAddress: "127.0.0.1",
    tlsCertFile: credentials.kubelet.certificate,
    tlsPrivateKeyFile: credentials.kubelet.key,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: credentials.clientAuthority },
    },
    authorization: { mode: "Webhook" },
    containerRuntimeEndpoint: `unix://${node.containerdSocket}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${node.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    resolvConf: "",
    clusterDNS: [node.dns],
    clusterDomain: "cluster.local",
    // A full build cache must not cost the node its images, the pause image least of all.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    serializeImagePulls: false,
    registryPullQPS: 0,
    shutdownGracePeriod: "0s",
  };
}
