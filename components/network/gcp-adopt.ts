import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";
import type { GoogleNetworkPlace } from "./contract.ts";

/** A network that exists, by names. */
export interface ExistingGoogleNetwork {
  /** Name of the subnet of the stack's region. */
  subnetwork: string;
  /** Project that shares it. @default the stack's own */
  hostProject?: string;
  podsRange: string;
  servicesRange: string;
  /** Public addresses that its traffic comes from, where they are known. @default none */
  natAddresses?: string[];
}

export interface SeenSubnetwork {
  privateIpGoogleAccess: boolean;
  ranges: string[];
}

/** @throws UserError for the first thing that a plane would not work with. */
export function checkSubnetwork(
  { subnetwork, podsRange, servicesRange }: ExistingGoogleNetwork,
  { privateIpGoogleAccess, ranges }: SeenSubnetwork,
): void {
  for (const [setting, range] of Object.entries({ podsRange, servicesRange })) {
    if (ranges.includes(range)) continue;
    throw refusal({
      subject: `biplane:network.existing.${setting}`,
      value: range,
      allowed: `a secondary range of ${subnetwork}: ${ranges.join(", ") || "it has none"}`,
    });
  }
  if (privateIpGoogleAccess) return;
  throw refusal({
    subject: "biplane:network.existing.subnetwork",
    value: subnetwork,
    allowed: "a subnet with Private Google Access: nodes have no public address to reach registry and stores by",
    todo: `Turn it on: gcloud compute networks subnets update ${subnetwork} --enable-private-ip-google-access.`,
  });
}

/**
 * A network that exists, in the shape of one of ours: looked up, at preview too, and never changed.
 * Claims: the same as `GoogleNetwork`'s, decided on what is there; its way out is its owner's.
 */
export function adoptGoogleNetwork(
  existing: ExistingGoogleNetwork,
  { project, region }: { project: string; region: string },
  opts: pulumi.InvokeOptions = {},
): GoogleNetworkPlace {
  const { subnetwork: name, hostProject = project, podsRange, servicesRange } = existing;
  const found = gcp.compute
    .getSubnetworkOutput({ name, project: hostProject, region }, opts)
    .apply(({ network, selfLink, privateIpGoogleAccess, secondaryIpRanges }) => {
      const ranges = secondaryIpRanges.map(({ rangeName }) => rangeName);
      checkSubnetwork(existing, { privateIpGoogleAccess, ranges });
      return { network, selfLink };
    });
  return {
    networkId: found.apply(({ network }) => network),
    subnetworkId: found.apply(({ selfLink }) => selfLink),
    podsRange: found.apply(() => podsRange),
    servicesRange: found.apply(() => servicesRange),
    natAddresses: (existing.natAddresses ?? []).map((address) => pulumi.output(address)),
  };
}
