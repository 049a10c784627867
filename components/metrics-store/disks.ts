/** How each cloud's own driver is told to make a disk that rests under a key of the customer's. */
import type { Input } from "@pulumi/pulumi";
import type { Cloud } from "../identity/contract.ts";
import type { DiskKind } from "./contract.ts";

interface SealedDisk {
  provisioner: string;
  /** What says under which key a disk rests. */
  keyParameter: string;
  others: Record<string, string>;
}

/** Sources: parameters of the EBS, Compute Engine persistent disk and Azure disk CSI drivers. */
export const sealedDisks: Record<Cloud, SealedDisk> = {
  aws: { provisioner: "ebs.csi.aws.com", keyParameter: "kmsKeyId", others: { type: "gp3", encrypted: "true" } },
  gcp: {
    provisioner: "pd.csi.storage.gke.io",
    keyParameter: "disk-encryption-kms-key",
    others: { type: "pd-balanced" },
  },
  azure: {
    provisioner: "disk.csi.azure.com",
    keyParameter: "diskEncryptionSetID",
    others: { skuName: "StandardSSD_LRS" },
  },
};

/** @param key on AWS a KMS key's ARN, on Google Cloud a key's name, on Azure the id of a disk encryption set */
export function sealedDisk(cloud: Cloud, key: Input<string>): DiskKind {
  const { provisioner, keyParameter, others } = sealedDisks[cloud];
  return { provisioner, parameters: { ...others, [keyParameter]: key } };
}
