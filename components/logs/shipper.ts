import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { annotationsOf } from "../identity/contract.ts";
import { type Egress, ownCloud } from "../workloads/egress.ts";
import { createConfigFiles } from "../workloads/files.ts";
import { labelsOf, selectorOf } from "../workloads/labels.ts";
import { IsolatedNamespace } from "../workloads/namespace.ts";
import { type ShipperKind, shipperAccount, shipperName, shipperNamespace } from "./contract.ts";
import { renderDaemon } from "./daemon.ts";
import { shippers } from "./shippers.ts";

export interface LogShipperArgs {
  org: string;
  region: string;
  logGroup: string;
  /** Whose containers' logs are shipped. */
  projectNamespaces: string[];
  shipper: ShipperKind;
  /** By digest. */
  image: string;
  /** The one role that writes the log group. */
  roleArn: pulumi.Input<string>;
  dnsServers: string[];
  /** Where it may open TLS connections to. @default open-443 */
  egress?: Egress;
  /** PriorityClass. @default the cluster's own default */
  priority?: pulumi.Input<string>;
}

/** One pod a node, on any number of nodes. */
const quota = {
  pods: "5000",
  "requests.cpu": "200",
  "requests.memory": "512Gi",
  "limits.cpu": "4000",
  "limits.memory": "2Ti",
  "services.loadbalancers": "0",
  "services.nodeports": "0",
};
const defaults = { request: { cpu: "20m", memory: "64Mi" }, limit: { cpu: "500m", memory: "256Mi" } };

/**
 * Ships the task containers' logs from every node to the plane's log group, from a namespace of its own: the nodes' log
 * folder is all that lies below the restricted standard. It has no right in the cluster: what it must know of a pod
 * stands in its file's name. Proved by logs-fluentbit-daemonset and data-logs-in-aggregator.
 */
export class LogShipper extends pulumi.ComponentResource {
  constructor(name: string, args: LogShipperArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:logs:LogShipper", name, {}, opts);
    const { org, shipper: kind, image, region, roleArn, dnsServers, egress = "open-443", priority } = args;

    const { ready: namespace } = new IsolatedNamespace(
      name,
      {
        ...{ namespace: shipperNamespace, labels: { "biplane.dev/org": org }, isException: true },
        ...{ quota, defaults, dnsServers },
      },
      { parent: this },
    );
    const place = (object: string) => ({ name: object, namespace, labels: labelsOf(shipperName) });
    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      {
        metadata: { ...place(shipperAccount), annotations: annotationsOf({ cloud: "aws", name: roleArn }) },
        automountServiceAccountToken: false,
      },
      { parent: this },
    );
    const policy = new kubernetes.networking.v1.NetworkPolicy(
      `${name}-out`,
      { metadata: place(shipperName), spec: callsOutOnly(egress) },
      { parent: this },
    );
    const files = createConfigFiles(name, {
      ...{ name: "shipper", namespace, parent: this, content: shippers[kind].files(args) },
    });
    new kubernetes.apps.v1.DaemonSet(
      name,
      { metadata: place(shipperName), spec: renderDaemon({ kind, image, region, files, priority }) },
      { parent: this, dependsOn: [account, policy] },
    );
    this.registerOutputs({});
  }
}

/** To the cloud's log service and its token service; nobody calls it. */
function callsOutOnly(egress: Egress) {
  return {
    podSelector: { matchLabels: selectorOf(shipperName) },
    policyTypes: ["Ingress", "Egress"],
    egress: [{ to: ownCloud(egress), ports: [{ protocol: "TCP", port: 443 }] }],
  };
}
