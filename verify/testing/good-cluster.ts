/** The Kubernetes objects of a plane on which every check passes. */
import type {
  V1Deployment,
  V1NetworkPolicy,
  V1Pod,
  V1PodSpec,
  V1PolicyRule,
  V1ReplicaSet,
  V1Role,
  V1RoleBinding,
  V1ValidatingAdmissionPolicyBindingSpec,
  V1ValidatingAdmissionPolicySpec,
} from "@kubernetes/client-node";
import { planServices } from "../../components/admission/openings.ts";
import { type Policy, policyName, renderBinding, renderPolicy } from "../../components/admission/policy.ts";
import { allPermissions, syncClusterRole, syncMark } from "../../components/compute-plane/on-demand.ts";
import { projectNamespace } from "../../components/compute-plane/project-domain.ts";
import { shipperAccount, shipperName, shipperNamespace } from "../../components/logs/contract.ts";
import { diskClaim, diskClass, storeName, storeNamespace } from "../../components/metrics-store/contract.ts";
import { sealedDisk } from "../../components/metrics-store/disks.ts";
import {
  gatewayController,
  gatewayName,
  gatewayNamespace,
  gatewayService,
  servingNamespace,
  servingPrograms,
} from "../../components/serving/contract.ts";
import { renderServingWalls } from "../../components/serving/walls.ts";
import { podSecurityLabels } from "../../components/workloads/pod-security.ts";
import type { PlainRule } from "../../components/workloads/service-spec.ts";
import { componentLabel, componentsOf, takesAdminRole } from "../documented/components.ts";
import type { Facts, MetricsStoreFact } from "../facts.ts";
import { projectNamespaces, projectsOnDemand, type Target } from "../target.ts";

export const account = "222222222222";
export const registry = "registry.example.test";
export const releasedDigest = `sha256:${"1".repeat(64)}`;
export const roleArn = (name: string) => `arn:aws:iam::${account}:role/${name}`;

const platform = "union";
const image = `${registry}/services@${releasedDigest}`;
const rbac = "rbac.authorization.k8s.io";

type KubernetesFacts = Pick<
  Facts,
  | "namespaces"
  | "nodes"
  | "pods"
  | "deployments"
  | "replicaSets"
  | "services"
  | "serviceAccounts"
  | "roles"
  | "clusterRoles"
  | "roleBindings"
  | "clusterRoleBindings"
  | "networkPolicies"
  | "resourceQuotas"
  | "limitRanges"
  | "customResourceDefinitions"
  | "admissionPolicies"
  | "admissionBindings"
  | "metricsStore"
>;

export function goodCluster(target: Target): KubernetesFacts {
  const components = componentsOf(target);
  const spaces = projectNamespaces(target);
  const homes = [platform, ...spaces];
  const onDemand = projectsOnDemand(target).map(projectNamespace);
  const table = allPermissions(projectsOnDemand(target), target);
  const permissions = table.filter(({ where }) => where !== "cluster");
  const inCluster = table.filter(({ where }) => where === "cluster");
  const placesOf = (where: string) => (where === "platform" ? [platform] : spaces);
  return {
    metricsStore: goodStore(target),
    ...goodAdmission(planServices({ namespace: platform, projectNamespaces: spaces }, [])),
    namespaces: [
      { metadata: { name: platform, labels: podSecurityLabels() } },
      ...target.projects.map(({ project, domain }) => {
        const name = projectNamespace({ project, domain });
        const labels = { "biplane.dev/org": "acme", "biplane.dev/project": project, "biplane.dev/domain": domain };
        return {
          metadata: {
            name,
            labels: { ...podSecurityLabels(), ...labels, ...(onDemand.includes(name) ? syncMark : {}) },
          },
        };
      }),
    ],
    nodes: ["i-0a", "i-0b"].map((id) => ({ metadata: { name: id }, spec: { providerID: `aws:///us-east-2a/${id}` } })),
    pods: [
      ...components.map((component) =>
        ownedBy(
          "ReplicaSet",
          component.name,
          pod(
            platform,
            component.name,
            component.serviceAccount,
            takesAdminRole(component, target) ? "adminflyterole" : undefined,
          ),
        ),
      ),
      ...spaces.map(taskPod),
      shipperPod(),
    ],
    deployments: [
      ...components.map(({ name, serviceAccount }) => deployment(name, serviceAccount)),
      ...(target.servesApps ? servingDeployments() : []),
    ],
    replicaSets: components.map(({ name }) => replicaSet(name)),
    services: [
      { metadata: { namespace: platform, name: "tunnel" }, spec: { type: "ClusterIP" } },
      ...(target.servesApps
        ? [{ metadata: { namespace: gatewayNamespace, name: gatewayService }, spec: { type: "ClusterIP" } }]
        : []),
      ...(target.keepsMeasures
        ? [{ metadata: { namespace: storeNamespace, name: storeName }, spec: { type: "ClusterIP" } }]
        : []),
    ],
    serviceAccounts: [
      ...components.map((component) =>
        takesAdminRole(component, target)
          ? annotated(platform, component.serviceAccount, "adminflyterole")
          : { metadata: { namespace: platform, name: component.serviceAccount } },
      ),
      ...spaces.map((space) => annotated(space, "default", "userflyterole")),
    ],
    roles: permissions.flatMap(({ role, where, rules }) =>
      placesOf(where).map((namespace): V1Role => ({ metadata: { namespace, name: role }, rules: rules.map(copyOf) })),
    ),
    clusterRoles: [
      { metadata: { name: "system:discovery" }, rules: [{ nonResourceURLs: ["/version"], verbs: ["get"] }] },
      // Every cluster has these two, for whoever binds them.
      { metadata: { name: "cluster-admin" }, rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] },
      { metadata: { name: "view" }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }] },
      ...inCluster.map(({ rules }) => ({ metadata: { name: syncClusterRole(platform) }, rules: rules.map(copyOf) })),
    ],
    roleBindings: permissions.flatMap(({ role, where, account: name }) =>
      placesOf(where).map(
        (namespace): V1RoleBinding => ({
          metadata: { namespace, name: role },
          roleRef: { apiGroup: rbac, kind: "Role", name: role },
          subjects: [{ kind: "ServiceAccount", namespace: platform, name }],
        }),
      ),
    ),
    clusterRoleBindings: [
      {
        metadata: { name: "system:discovery" },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "system:discovery" },
        subjects: [{ kind: "Group", name: "system:authenticated" }],
      },
      ...inCluster.map(({ account: name }) => ({
        metadata: { name: syncClusterRole(platform) },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: syncClusterRole(platform) },
        subjects: [{ kind: "ServiceAccount", namespace: platform, name }],
      })),
    ],
    networkPolicies: [
      ...[
        ...homes,
        ...(target.servesApps ? [servingNamespace, gatewayNamespace] : []),
        ...(target.keepsMeasures ? [storeNamespace] : []),
      ].map((namespace) => ({
        metadata: { namespace, name: "default-deny" },
        spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
      })),
      ...(target.servesApps ? servingWalls(projectNamespaces(target)) : []),
      tunnelPolicy(),
    ],
    resourceQuotas: homes.map((namespace) => ({
      metadata: { namespace, name: "quota" },
      status: { hard: { "limits.cpu": "8", "limits.memory": "16Gi" } },
    })),
    limitRanges: homes.map((namespace) => ({
      metadata: { namespace, name: "limits" },
      spec: { limits: [{ type: "Container", _default: { cpu: "500m", memory: "256Mi" } }] },
    })),
    customResourceDefinitions: [
      {
        metadata: { name: "taskactions.flyte.org" },
        spec: {
          group: "flyte.org",
          scope: "Namespaced",
          names: { kind: "TaskAction", plural: "taskactions" },
          versions: [],
        },
        status: { conditions: [{ type: "Established", status: "True" }] },
      },
    ],
  };
}

/** A policy as an API server tells it, which fills in what is left open. */
export function goodAdmission(policy: Policy): Pick<Facts, "admissionPolicies" | "admissionBindings"> {
  const metadata = { name: policyName(policy, platform) };
  const { matchConstraints, ...spec } = renderPolicy(policy) as V1ValidatingAdmissionPolicySpec;
  const open = { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} };
  const resourceRules = matchConstraints?.resourceRules?.map((rule) => ({ ...rule, scope: "*" }));
  const binding = renderBinding(policy, metadata.name) as V1ValidatingAdmissionPolicyBindingSpec;
  const matchResources = binding.matchResources ? { matchResources: { ...open, ...binding.matchResources } } : {};
  return structuredClone({
    admissionPolicies: [
      { metadata, spec: { ...spec, matchConstraints: { ...open, ...(resourceRules ? { resourceRules } : {}) } } },
    ],
    admissionBindings: [{ metadata, spec: { ...binding, ...matchResources } }],
  });
}

/** As the kit makes them; in JSON the client's library names what a rule is from by another word. */
function servingWalls(namespaces: readonly string[]): V1NetworkPolicy[] {
  const walls = renderServingWalls({ around: { apiPort: 6443 }, platform, projectNamespaces: namespaces });
  return Object.entries(walls).flatMap(([namespace, policies]) =>
    Object.entries(policies).map(([name, spec]) => {
      const text = JSON.stringify(spec, (key, value) => (key === "ingress" ? value.map(renamed) : value));
      return { metadata: { namespace, name }, spec: JSON.parse(text) };
    }),
  );
}

const renamed = ({ from, ...rule }: { from: unknown }) => ({ ...rule, _from: from });

/** Prometheus on a disk of EBS, under a key of the customer's; nothing where no measures are kept. */
function goodStore({ keepsMeasures, region }: Target): MetricsStoreFact {
  if (!keepsMeasures) return { servers: [], claims: [], volumes: [], classes: [] };
  const { provisioner, parameters } = sealedDisk("aws", `arn:aws:kms:${region}:${account}:key/measures`);
  const madeAt = "2026-01-01T00:00:00.000Z";
  return {
    servers: [
      {
        ...{ name: storeName, ready: 1, wanted: 1, containers: [storeName], dataClaim: diskClaim },
        clientAuth: "RequireAndVerifyClientCert",
        told: { jobs: [{ name: "kubelets", scheme: "https" }], sendsTo: [], unread: [] },
      },
    ],
    claims: [{ name: diskClaim, phase: "Bound", className: diskClass, volume: "pvc-1" }],
    volumes: [{ name: "pvc-1", madeAt, className: diskClass, driver: provisioner, handle: "vol-0a1b2c3d" }],
    classes: [
      {
        ...{ name: diskClass, madeAt, provisioner },
        parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)])),
      },
    ],
  };
}

const probes = {
  readinessProbe: { httpGet: { path: "/readyz", port: 8081 } },
  livenessProbe: { httpGet: { path: "/healthz", port: 8081 } },
};

function deployment(name: string, serviceAccount: string): V1Deployment {
  const env = [
    { name: "ORG", value: "acme" },
    { name: "CLUSTER_NAME", value: "acme-local" },
    ...(name === "tunnel" ? [{ name: "CONTROL_PLANE_HOST", value: "us-east-2.example.test" }] : []),
  ];
  return {
    metadata: {
      namespace: platform,
      name,
      uid: `Deployment ${name}`,
      generation: 2,
      labels: { [componentLabel]: name },
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { [componentLabel]: name } },
      template: { spec: { serviceAccountName: serviceAccount, containers: [{ name, image, env, ...probes }] } },
    },
    status: { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
  };
}

/** Of the component's Deployment; an uid says what it is of, here. */
function replicaSet(name: string): V1ReplicaSet {
  const selector = { matchLabels: { [componentLabel]: name } };
  const metadata = { namespace: platform, name: `${name}-1`, uid: `ReplicaSet ${name}` };
  return ownedBy("Deployment", name, { metadata, spec: { selector, replicas: 1 } });
}

function ownedBy<T extends V1Pod | V1ReplicaSet>(kind: "ReplicaSet" | "Deployment", name: string, object: T): T {
  const owner = { apiVersion: "apps/v1", kind, name, uid: `${kind} ${name}`, controller: true };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } };
}

function servingDeployments(): V1Deployment[] {
  const at = (namespace: string, name: string): V1Deployment => ({
    metadata: { namespace, name },
    spec: {
      selector: {},
      template: { spec: { containers: [{ name, image: `${registry}/${name}@${releasedDigest}` }] } },
    },
    status: { availableReplicas: 1 },
  });
  return [
    ...[...servingPrograms, gatewayController].map((name) => at(servingNamespace, name)),
    at(gatewayNamespace, gatewayName),
  ];
}

function tunnelPolicy(): V1NetworkPolicy {
  const labels = { [componentLabel]: "tunnel" };
  return {
    metadata: { namespace: platform, name: "tunnel", labels },
    spec: {
      podSelector: { matchLabels: labels },
      policyTypes: ["Ingress", "Egress"],
      egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports: [{ protocol: "TCP", port: 443 }] }],
    },
  };
}

function copyOf({ apiGroups, resources, resourceNames, verbs }: PlainRule): V1PolicyRule {
  return {
    apiGroups: [...apiGroups],
    resources: [...resources],
    verbs: [...verbs],
    ...(resourceNames ? { resourceNames: [...resourceNames] } : {}),
  };
}

function taskPod(namespace: string): V1Pod {
  const made = pod(namespace, "r1-a0-0", "default", "userflyterole");
  return {
    ...made,
    metadata: {
      ...made.metadata,
      ownerReferences: [{ apiVersion: "flyte.org/v1", kind: "TaskAction", name: "r1-a0", uid: "1" }],
    },
  };
}

function pod(namespace: string, name: string, serviceAccountName: string, roleName?: string): V1Pod {
  const identity: Pick<V1PodSpec, "volumes"> = {
    volumes: [
      {
        name: "token",
        projected: { sources: [{ serviceAccountToken: { audience: "sts.amazonaws.com", path: "token" } }] },
      },
    ],
  };
  return {
    metadata: { namespace, name: `${name}-x`, labels: { [componentLabel]: name } },
    spec: {
      serviceAccountName,
      securityContext: { runAsNonRoot: true, runAsUser: 65532 },
      containers: [
        {
          name: "main",
          image,
          env: roleName ? [{ name: "AWS_ROLE_ARN", value: roleArn(roleName) }] : [],
          resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
        },
      ],
      ...(roleName ? identity : {}),
    },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [{ name: "main", image: "", imageID: image, ready: true, restartCount: 0 }],
    },
  };
}

/** Of all pods the one that is not restricted: it needs no more than this to be none of POD-01's findings. */
function shipperPod(): V1Pod {
  const made = pod(shipperNamespace, shipperName, shipperAccount);
  const [container] = made.spec?.containers ?? [];
  if (container)
    container.securityContext = {
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
      capabilities: { drop: ["ALL"] },
    };
  return made;
}

function annotated(namespace: string, name: string, roleName: string) {
  return { metadata: { namespace, name, annotations: { "eks.amazonaws.com/role-arn": roleArn(roleName) } } };
}
