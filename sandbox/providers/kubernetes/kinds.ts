/** What is peculiar to single kinds: fields that cannot change in place, and values that are secret. */
import { isProperties, type Properties, reveal } from "../machine/values.ts";

/** As the real provider: of these a change makes a new object, since the API server would refuse it. */
const immutable: Record<string, readonly string[]> = {
  "apps/v1 DaemonSet": ["spec.selector"],
  "apps/v1 Deployment": ["spec.selector"],
  "apps/v1 StatefulSet": ["spec.podManagementPolicy", "spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"],
  "batch/v1 Job": ["spec.completionMode", "spec.completions", "spec.selector", "spec.template"],
  "rbac.authorization.k8s.io/v1 ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1 RoleBinding": ["roleRef"],
  "storage.k8s.io/v1 StorageClass": ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
  "v1 PersistentVolumeClaim": ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  "v1 Pod": ["spec.containers", "spec.initContainers", "spec.volumes", "spec.nodeName", "spec.restartPolicy"],
  "v1 ResourceQuota": ["spec.scopes"],
  "v1 Secret": ["type"],
  "v1 Service": ["spec.clusterIP"],
};

/** Replaced as a whole, so that no pod sees half of a change; unless the provider is told that they are mutable. */
const contents: Record<string, readonly string[]> = {
  "v1 ConfigMap": ["binaryData", "data", "immutable"],
  "v1 Secret": ["data", "immutable", "stringData"],
};

/** @param mutable kinds that the provider's arguments (enableConfigMapMutable, enableSecretMutable) make mutable */
export function immutableFields(object: Properties, mutable: readonly string[] = []): readonly string[] {
  const kind = kindOf(object);
  const whole = object.immutable === true || !mutable.includes(kind) ? (contents[kind] ?? []) : [];
  return ["apiVersion", "kind", "metadata.name", "metadata.namespace", ...(immutable[kind] ?? []), ...whole];
}

export function secretFields(object: Properties): readonly string[] {
  return kindOf(object) === "v1 Secret" ? ["data", "stringData"] : [];
}

/** `apps/v1 Deployment`, `v1 Secret` */
export function kindOf(object: Properties): string {
  return `${object.apiVersion} ${object.kind}`;
}

/** The name that a person uses: `Deployment union/executor`. */
export function title(object: Properties): string {
  const { name, namespace } = metadataOf(object);
  return `${object.kind} ${namespace ? `${namespace}/` : ""}${name}`;
}

export function metadataOf(object: Properties): Properties {
  const metadata = reveal(object.metadata ?? null);
  return isProperties(metadata) ? metadata : {};
}

export function annotation(object: Properties, name: string): string | undefined {
  const { annotations } = metadataOf(object);
  const value = isProperties(annotations) ? annotations[name] : undefined;
  return typeof value === "string" ? value : undefined;
}
