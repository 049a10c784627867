import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { checkAcceptedProjects } from "./gcp-plan.ts";

export interface GoogleApiServiceArgs {
  project: string;
  region: string;
  zone: string;
  networkId: pulumi.Input<string>;
  subnetworkId: pulumi.Input<string>;
  /** Of the proxies that carry connections; nothing else is in it. */
  proxyCidr: string;
  /** From which consumers' addresses are translated; nothing else is in it. */
  linkCidr: string;
  /** Address of the cluster's API inside the network. */
  apiHost: pulumi.Input<string>;
  /** Projects of the vendor's that may connect. */
  acceptedProjects: string[];
}

/** Connections of one accepted project. */
const connections = 4;

/**
 * The cluster's private API, offered by Private Service Connect to named projects only: a service attachment on an
 * internal balancer of Google's own proxies, whose one backend is the API's address. Nothing inside the network is
 * opened by it, and the balancer's own address is nobody's way in from outside. Only for BYOC.
 * Never run against Google Cloud: that its proxies reach the control plane's address is not proved by anything here
 * (docs/decisions/0029).
 * Claims: net-byoc-private-management, model-byoc-private-connectivity; their absence: model-sm-tunnel-only.
 */
export class GoogleApiService extends pulumi.ComponentResource {
  /** What the vendor's endpoint names. */
  readonly serviceAttachment: pulumi.Output<string>;

  constructor(name: string, args: GoogleApiServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:private-link:GoogleApiService", name, {}, opts);
    const accepted = checkAcceptedProjects(args.acceptedProjects);
    const { project, region } = args;
    const front = createBalancer(name, args, this);
    const translated = createSubnet(`${name}-link`, args.linkCidr, "PRIVATE_SERVICE_CONNECT", args, this);
    const attachment = new gcp.compute.ServiceAttachment(
      name,
      {
        ...{ project, region, name: physicalName("google-resource", name), description: "The cluster's API" },
        connectionPreference: "ACCEPT_MANUAL",
        consumerAcceptLists: accepted.map((projectIdOrNum) => ({ projectIdOrNum, connectionLimit: connections })),
        reconcileConnections: true,
        enableProxyProtocol: false,
        natSubnets: [translated.id],
        targetService: front.selfLink,
      },
      { parent: this },
    );
    this.serviceAttachment = attachment.selfLink;
    this.registerOutputs({ serviceAttachment: this.serviceAttachment });
  }
}

function createSubnet(
  name: string,
  ipCidrRange: string,
  purpose: "PRIVATE_SERVICE_CONNECT" | "REGIONAL_MANAGED_PROXY",
  { project, region, networkId }: GoogleApiServiceArgs,
  parent: pulumi.Resource,
) {
  const physical = physicalName("google-resource", name);
  const role = purpose === "REGIONAL_MANAGED_PROXY" ? { role: "ACTIVE" } : {};
  return new gcp.compute.Subnetwork(
    name,
    { project, region, name: physical, network: networkId, ipCidrRange, purpose, ...role },
    { parent },
  );
}

function createBalancer(name: string, args: GoogleApiServiceArgs, parent: pulumi.Resource): gcp.compute.ForwardingRule {
  const { project, region, zone, networkId, subnetworkId, apiHost } = args;
  const physical = physicalName("google-resource", name);
  const place = { project, region, name: physical };
  const proxies = createSubnet(`${name}-proxies`, args.proxyCidr, "REGIONAL_MANAGED_PROXY", args, parent);
  const group = new gcp.compute.NetworkEndpointGroup(
    name,
    { project, zone, name: physical, network: networkId, networkEndpointType: "NON_GCP_PRIVATE_IP_PORT" },
    { parent },
  );
  const backend = new gcp.compute.NetworkEndpoint(
    name,
    { project, zone, networkEndpointGroup: group.name, ipAddress: apiHost, port: 443 },
    { parent },
  );
  const check = new gcp.compute.RegionHealthCheck(
    name,
    { ...place, checkIntervalSec: 10, timeoutSec: 5, tcpHealthCheck: { port: 443 } },
    { parent },
  );
  const service = new gcp.compute.RegionBackendService(
    name,
    {
      ...place,
      protocol: "TCP",
      loadBalancingScheme: "INTERNAL_MANAGED",
      healthChecks: check.id,
      // Watches are quiet for minutes.
      timeoutSec: 600,
      backends: [{ group: group.id, balancingMode: "CONNECTION", maxConnections: 1000, capacityScaler: 1 }],
    },
    { parent, dependsOn: [backend] },
  );
  const proxy = new gcp.compute.RegionTargetTcpProxy(name, { ...place, backendService: service.id }, { parent });
  return new gcp.compute.ForwardingRule(
    name,
    {
      ...place,
      loadBalancingScheme: "INTERNAL_MANAGED",
      ipProtocol: "TCP",
      portRange: "443",
      target: proxy.id,
      network: networkId,
      subnetwork: subnetworkId,
      allowGlobalAccess: false,
    },
    { parent, dependsOn: [proxies] },
  );
}
