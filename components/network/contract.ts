import type * as pulumi from "@pulumi/pulumi";

/** A network as its region sees it, of whichever cloud, made or found. */
export interface NetworkPlace {
  /** Public addresses that its traffic to the internet comes from; empty where they are not ours to know. */
  readonly natAddresses: pulumi.Output<string>[];
}

/** A network of Google Cloud's with the one subnet that a plane's nodes and pods are in. */
export interface GoogleNetworkPlace extends NetworkPlace {
  /** Ids: `projects/…/global/networks/…`, `projects/…/regions/…/subnetworks/…`. */
  readonly networkId: pulumi.Output<string>;
  readonly subnetworkId: pulumi.Output<string>;
  /** Names of the subnet's secondary ranges. */
  readonly podsRange: pulumi.Output<string>;
  readonly servicesRange: pulumi.Output<string>;
}

/** A network of Azure's with the one subnet that a plane's nodes are in; pods are on an overlay. */
export interface AzureNetworkPlace extends NetworkPlace {
  /** ARM id. */
  readonly subnetId: pulumi.Output<string>;
}

/** A VPC of AWS's: what everything else places itself by. Lists are in the order of the zones. */
export interface VpcPlace extends NetworkPlace {
  readonly vpcId: pulumi.Output<string>;
  /** Balancers that the internet reaches, NAT gateways. */
  readonly publicSubnetIds: pulumi.Output<string>[];
  /** Nodes and pods. */
  readonly privateSubnetIds: pulumi.Output<string>[];
  /** Stores. Empty where an existing network has none. */
  readonly isolatedSubnetIds: pulumi.Output<string>[];
  /** EKS's own interfaces, where the cluster's API answers. */
  readonly clusterSubnetIds: pulumi.Output<string>[];
  readonly privateCidrs: pulumi.Output<string>[];
  readonly isolatedCidrs: pulumi.Output<string>[];
  readonly clusterCidrs: pulumi.Output<string>[];
}
