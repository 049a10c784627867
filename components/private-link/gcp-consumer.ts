import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { Labels } from "../ownership/labels.ts";
import { checkAttachment } from "./gcp-plan.ts";

export interface GoogleApiLinkArgs {
  /** The vendor's own. */
  project: string;
  region: string;
  network: string;
  subnetwork: string;
  /** As the customer's base answers it. */
  serviceAttachment: string;
  labels: Labels;
}

/**
 * The vendor's end of one customer's Private Service Connect: an address in the vendor's network that leads to that
 * cluster's API, and from there nowhere. The certificate is verified by the API's own name, not by this address.
 * Claims: net-byoc-private-management.
 */
export class GoogleApiLink extends pulumi.ComponentResource {
  /** At which the API answers, once the customer's side has accepted the project. */
  readonly address: pulumi.Output<string>;
  /** Id of the connection, by which the customer finds it. */
  readonly connectionId: pulumi.Output<string>;

  constructor(name: string, args: GoogleApiLinkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:private-link:GoogleApiLink", name, {}, opts);
    const { project, region, network, subnetwork, labels } = args;
    const target = checkAttachment(args.serviceAttachment, region);
    const place = { project, region, name: physicalName("google-resource", name), labels };
    const address = new gcp.compute.Address(name, { ...place, addressType: "INTERNAL", subnetwork }, { parent: this });
    const endpoint = new gcp.compute.ForwardingRule(
      name,
      {
        ...place,
        network,
        ipAddress: address.id,
        target,
        // An endpoint has no scheme: it is no balancer.
        loadBalancingScheme: "",
        allowPscGlobalAccess: false,
        noAutomateDnsZone: true,
      },
      { parent: this },
    );
    this.address = address.address;
    this.connectionId = endpoint.pscConnectionId;
    this.registerOutputs({ address: this.address });
  }
}
