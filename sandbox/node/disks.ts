/**
 * The node's one disk, in the place of those that a cloud's driver would make, where the extended part `metrics-store` is
 * built: a folder of the node, offered under the class that the store's claim names. It rests under no key, and no cloud
 * knows it: `verify` says so.
 */
import { chownSync, mkdirSync } from "node:fs";
import type { KubernetesObject } from "@kubernetes/client-node";
import { diskClass, storeName } from "../../components/metrics-store/contract.ts";
import type { Sandbox } from "../context.ts";
import { nonRoot } from "../images/debian.ts";
import { readyParts } from "../toolchain/index.ts";
import { applyAll } from "./access.ts";
import { adminOf } from "./api-server.ts";
import type { NodeLayout } from "./layout.ts";

export async function ensureDisk({ paths }: Pick<Sandbox, "paths">, node: NodeLayout): Promise<void> {
  if (!readyParts(paths).includes("metrics-store")) return;
  const folder = node.file("metrics-disk");
  mkdirSync(folder, { recursive: true, mode: 0o770 });
  chownSync(folder, nonRoot, nonRoot);
  await applyAll(adminOf(node), [diskObject(node.name, folder)]);
}

/** @param node name of the one that has the folder */
export function diskObject(node: string, folder: string): KubernetesObject & { spec: object } {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: storeName },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: diskClass,
      local: { path: folder },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] },
          ],
        },
      },
    },
  };
}
