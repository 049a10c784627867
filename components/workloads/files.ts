import { createHash } from "node:crypto";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { FileSource } from "./service-spec.ts";

export interface FilesArgs {
  /** Name of the Secret or ConfigMap, and of the resource's end. */
  name: string;
  namespace: pulumi.Input<string>;
  content: Record<string, pulumi.Input<string>>;
  parent: pulumi.Resource;
}

/** A Secret to be mounted. Its values are secret in the stack's state as well. */
export function createSecretFiles(prefix: string, { name, namespace, content, parent }: FilesArgs): FileSource {
  const stringData = pulumi.secret(content);
  const made = new kubernetes.core.v1.Secret(
    `${prefix}-${name}`,
    { metadata: { name, namespace }, type: "Opaque", stringData },
    { parent },
  );
  return { kind: "secret", name: made.metadata.name, checksum: checksumOf(stringData) };
}

/** A ConfigMap to be mounted, for what anybody may read. */
export function createConfigFiles(prefix: string, { name, namespace, content, parent }: FilesArgs): FileSource {
  const metadata = { name, namespace };
  const made = new kubernetes.core.v1.ConfigMap(`${prefix}-${name}`, { metadata, data: content }, { parent });
  return { kind: "configMap", name: made.metadata.name, checksum: checksumOf(pulumi.output(content)) };
}

/** One value that changes when any of the files does. */
export function joinChecksums(files: Record<string, FileSource>): pulumi.Output<string> {
  return pulumi.all(Object.values(files).map(({ checksum }) => checksum)).apply((all) => all.join("."));
}

/**
 * 64 bits of a hash over values of at least 128 random bits tell nothing about these, so it may stand in a pod's
 * annotations; kept secret, it would hide the whole Deployment in every preview.
 */
function checksumOf(content: pulumi.Output<Record<string, string>>): pulumi.Output<string> {
  return pulumi.unsecret(content).apply((values) => {
    const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
    return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 16);
  });
}
