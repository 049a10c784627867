/** Which Kubernetes versions are built, each with the add-ons that were chosen for it: one change here is one upgrade. */
import { refusal } from "../../shared/errors.ts";

export const addonNames = ["vpc-cni", "kube-proxy", "coredns", "aws-ebs-csi-driver"] as const;
export type AddonName = (typeof addonNames)[number];

/**
 * Newest last. Sources: EKS user guide, "Amazon EKS Kubernetes versions" and the version tables of "Amazon VPC CNI",
 * "kube-proxy", "CoreDNS" and "Amazon EBS CSI driver"; `aws eks describe-addon-versions --kubernetes-version` says the same of an account.
 */
export const supportedVersions = {
  "1.33": {
    "vpc-cni": "v1.21.1-eksbuild.1",
    "kube-proxy": "v1.33.5-eksbuild.2",
    coredns: "v1.12.4-eksbuild.1",
    "aws-ebs-csi-driver": "v1.48.0-eksbuild.1",
  },
  "1.34": {
    "vpc-cni": "v1.21.1-eksbuild.1",
    "kube-proxy": "v1.34.1-eksbuild.2",
    coredns: "v1.12.4-eksbuild.1",
    "aws-ebs-csi-driver": "v1.48.0-eksbuild.1",
  },
} as const satisfies Record<string, Record<AddonName, string>>;

export type KubernetesVersion = keyof typeof supportedVersions;

export const defaultVersion: KubernetesVersion = "1.34";

/** @throws UserError unless the version is one of the table's. */
export function checkVersion(version: string, subject = "biplane:kubernetes.version"): KubernetesVersion {
  if (Object.hasOwn(supportedVersions, version)) return version as KubernetesVersion;
  const allowed = Object.keys(supportedVersions).join(", ");
  throw refusal({ subject, value: version, allowed, todo: "EKS upgrades one minor version at a time." });
}

/**
 * A node release is named so that nodes are replaced when somebody says so, and never because AWS published an image.
 * @param release such as `1.34.1-20251112`, from the AL2023 release notes of the EKS-optimised images
 * @throws UserError unless it belongs to the cluster's version: nodes must not be newer than their API.
 */
export function checkRelease(release: string, version: KubernetesVersion): string {
  if (release.startsWith(`${version}.`) && /^\d+\.\d+\.\d+-\d{8}$/.test(release)) return release;
  throw refusal({
    subject: "biplane:kubernetes.release",
    value: release,
    allowed: `a release of ${version}, such as ${version}.1-20251112`,
  });
}
