import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { GoogleNetworkPlace } from "./contract.ts";
import type { GoogleRanges } from "./gcp-plan.ts";

export interface GoogleNetworkArgs {
  project: pulumi.Input<string>;
  region: string;
  /** From `planRanges`. */
  ranges: GoogleRanges;
  /** Public addresses of Cloud NAT. @default 2 */
  natAddresses?: number;
}

/** Secondary ranges, as the documents call them. */
const podsRange = "gke-pods";
const servicesRange = "gke-services";

/** Each address lets 64,512 connections out at a time; this many of them a node, more where it needs more. */
const portsOfNode = { least: 64, most: 4096 };

/**
 * A VPC-native network of one subnet: nodes have no public address, leave by Cloud NAT from addresses that stay, reach
 * Google's own services without leaving Google's network, and every flow is logged. Nobody comes in: what GKE needs
 * between its control plane and nodes it allows itself, by rules of higher priority that name both.
 * Claims: net-no-inbound-firewall-rules, n-flowlogs-cloudflare-outbound, n-external-port-scan-clean.
 */
export class GoogleNetwork extends pulumi.ComponentResource implements GoogleNetworkPlace {
  readonly networkId: pulumi.Output<string>;
  readonly subnetworkId: pulumi.Output<string>;
  readonly podsRange: pulumi.Output<string>;
  readonly servicesRange: pulumi.Output<string>;
  readonly natAddresses: pulumi.Output<string>[];

  constructor(name: string, args: GoogleNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:network:GoogleNetwork", name, {}, opts);
    const { project } = args;
    const network = new gcp.compute.Network(
      name,
      { project, name: physicalName("google-resource", name), autoCreateSubnetworks: false, routingMode: "REGIONAL" },
      { parent: this },
    );
    const subnet = createSubnet(name, network, args, this);
    refuseAll(name, network, args, this);
    const nat = createNat(name, network, args, this);

    this.networkId = network.id;
    // Nodes pull their first images by NAT: who is placed here waits until it is there.
    this.subnetworkId = pulumi.all([subnet.id, nat.ready]).apply(([id]) => id);
    this.podsRange = pulumi.output(podsRange);
    this.servicesRange = pulumi.output(servicesRange);
    this.natAddresses = nat.addresses;
    this.registerOutputs({ networkId: this.networkId });
  }
}

function createSubnet(
  name: string,
  network: gcp.compute.Network,
  { project, region, ranges }: GoogleNetworkArgs,
  parent: pulumi.Resource,
) {
  return new gcp.compute.Subnetwork(
    name,
    {
      project,
      region,
      name: physicalName("google-resource", name),
      network: network.id,
      ipCidrRange: ranges.nodes,
      secondaryIpRanges: [
        { rangeName: podsRange, ipCidrRange: ranges.pods },
        { rangeName: servicesRange, ipCidrRange: ranges.services },
      ],
      privateIpGoogleAccess: true,
      stackType: "IPV4_ONLY",
      logConfig: { aggregationInterval: "INTERVAL_1_MIN", flowSampling: 1, metadata: "INCLUDE_ALL_METADATA" },
    },
    { parent },
  );
}

/** A network refuses by itself what no rule allows, but keeps no record of it. */
function refuseAll(
  name: string,
  network: gcp.compute.Network,
  { project }: GoogleNetworkArgs,
  parent: pulumi.Resource,
) {
  return new gcp.compute.Firewall(
    `${name}-refuse`,
    {
      project,
      name: physicalName("google-resource", name, "refuse"),
      description: "Whatever nothing else allows in, on record",
      network: network.id,
      direction: "INGRESS",
      priority: 65_534,
      denies: [{ protocol: "all" }],
      sourceRanges: ["0.0.0.0/0"],
      logConfig: { metadata: "INCLUDE_ALL_METADATA" },
    },
    { parent },
  );
}

function createNat(
  name: string,
  network: gcp.compute.Network,
  { project, region, natAddresses: count = 2 }: GoogleNetworkArgs,
  parent: pulumi.Resource,
) {
  const place = { project, region };
  const addresses = Array.from({ length: count }, (_, at) => {
    const addressName = physicalName("google-resource", name, "nat", `${at}`);
    return new gcp.compute.Address(
      `${name}-nat-${at}`,
      { ...place, name: addressName, addressType: "EXTERNAL", networkTier: "PREMIUM" },
      { parent },
    );
  });
  const physical = physicalName("google-resource", name);
  const router = new gcp.compute.Router(name, { ...place, name: physical, network: network.id }, { parent });
  const nat = new gcp.compute.RouterNat(
    name,
    {
      ...place,
      name: physical,
      router: router.name,
      natIpAllocateOption: "MANUAL_ONLY",
      natIps: addresses.map(({ selfLink }) => selfLink),
      sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
      enableDynamicPortAllocation: true,
      enableEndpointIndependentMapping: false,
      minPortsPerVm: portsOfNode.least,
      maxPortsPerVm: portsOfNode.most,
      logConfig: { enable: true, filter: "ERRORS_ONLY" },
    },
    { parent },
  );
  return { addresses: addresses.map(({ address }) => address), ready: nat.id };
}
