import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { annotationsOf } from "../identity/contract.ts";
import { labelsOf, selectorOf } from "../workloads/labels.ts";
import { grantRole } from "../workloads/rbac.ts";
import { autoscalerCommand, clusterRules, ownRules } from "./autoscaler-rules.ts";

export interface NodeAutoscalerArgs {
  clusterName: string;
  region: string;
  /** The Cluster Autoscaler of the cluster's Kubernetes version, by digest. */
  image: string;
  /** `Cluster.autoscalerRoleArn`. */
  roleArn: pulumi.Input<string>;
}

/** As the role's trust names it. */
const account = "cluster-autoscaler";
const namespace = "kube-system";
const user = 65534;

/**
 * The Cluster Autoscaler: adds nodes for pods that wait and drains those that are not needed, within the groups' sizes
 * (docs/decisions/0007). Proved by verify-clusterrolebindings and verify-pod-security-context.
 */
export class NodeAutoscaler extends pulumi.ComponentResource {
  constructor(name: string, args: NodeAutoscalerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:cluster:NodeAutoscaler", name, {}, opts);
    const metadata = { name: account, namespace, labels: labelsOf(account) };
    const annotations = annotationsOf({ cloud: "aws", name: args.roleArn });
    new kubernetes.core.v1.ServiceAccount(
      name,
      { metadata: { ...metadata, annotations }, automountServiceAccountToken: false },
      { parent: this },
    );
    const grants = [grantEverywhere(name, this), grantOwn(name, this)];
    new kubernetes.networking.v1.NetworkPolicy(name, { metadata, spec: callsOutOnly() }, { parent: this });
    new kubernetes.apps.v1.Deployment(
      name,
      { metadata, spec: { replicas: 2, selector: { matchLabels: selectorOf(account) }, template: podOf(args) } },
      { parent: this, dependsOn: grants },
    );
    this.registerOutputs({});
  }
}

function grantOwn(name: string, parent: pulumi.Resource): pulumi.Resource {
  const subject = { name: account, namespace };
  return grantRole(name, { role: account, namespace, rules: ownRules, account: subject, parent });
}

function grantEverywhere(name: string, parent: pulumi.Resource): pulumi.Resource {
  const metadata = { name: account, labels: labelsOf(account) };
  const role = new kubernetes.rbac.v1.ClusterRole(name, { metadata, rules: clusterRules }, { parent });
  return new kubernetes.rbac.v1.ClusterRoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: account, namespace }],
    },
    { parent },
  );
}

/** Names, the Kubernetes API and AWS; nobody calls it. */
function callsOutOnly() {
  return {
    podSelector: { matchLabels: selectorOf(account) },
    policyTypes: ["Ingress", "Egress"],
    egress: [
      {
        ports: [
          { protocol: "UDP", port: 53 },
          { protocol: "TCP", port: 53 },
          { protocol: "TCP", port: 443 },
        ],
      },
    ],
  };
}

function podOf({ clusterName, region, image }: NodeAutoscalerArgs) {
  const probe = { httpGet: { path: "/health-check", port: 8085 } };
  return {
    metadata: { labels: labelsOf(account) },
    spec: {
      serviceAccountName: account,
      automountServiceAccountToken: true,
      enableServiceLinks: false,
      priorityClassName: "system-cluster-critical",
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        seccompProfile: { type: "RuntimeDefault" },
      },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "topology.kubernetes.io/zone",
          whenUnsatisfiable: "ScheduleAnyway",
          labelSelector: { matchLabels: selectorOf(account) },
        },
      ],
      containers: [
        {
          name: account,
          image,
          command: autoscalerCommand(clusterName),
          env: [{ name: "AWS_REGION", value: region }],
          ports: [{ name: "health", containerPort: 8085 }],
          startupProbe: { ...probe, periodSeconds: 5, failureThreshold: 30 },
          readinessProbe: probe,
          livenessProbe: { ...probe, failureThreshold: 3 },
          resources: { requests: { cpu: "100m", memory: "300Mi" }, limits: { cpu: "1", memory: "600Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            runAsNonRoot: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  };
}
