/** A whole stack built from its configuration against the mocks, and ways to look at what it made. */
import { managersAnnotation } from "../../components/serving/contract.ts";
import {
  type Recorded,
  type RecordOptions,
  type Registration,
  recordResources,
} from "../../components/testing/record-resources.ts";
import program from "../index.ts";

export interface Built extends Recorded {
  outputs: Record<string, unknown>;
}

export async function build(config: Record<string, string>, options: RecordOptions = {}): Promise<Built> {
  let outputs: Record<string, unknown> = {};
  const made = await recordResources(
    async () => {
      outputs = await program();
    },
    { config, ...options },
  );
  return { ...made, outputs };
}

export interface KubernetesObject extends Registration {
  inputs: { metadata: { name: string; namespace?: string; labels?: Record<string, string> }; [field: string]: unknown };
}

/** Secrets come to the mocks wrapped; what is asserted here is their content. */
function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== "object" || value === null) return value;
  if ("4dabf18193072939515e22adb298388d" in value && "value" in value) return unwrap(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrap(inner)]));
}

export function objects({ all }: Recorded, kind: string): KubernetesObject[] {
  return all
    .filter(({ type }) => type.startsWith("kubernetes:") && type.endsWith(`:${kind}`))
    .map((made) => ({ ...made, inputs: unwrap(made.inputs) as KubernetesObject["inputs"] }));
}

export interface Pod {
  automountServiceAccountToken?: boolean;
  serviceAccountName?: string;
  securityContext?: unknown;
  containers: {
    env: { name: string; value: string }[];
    resources: unknown;
    securityContext: unknown;
    startupProbe?: unknown;
    readinessProbe?: unknown;
    livenessProbe?: unknown;
  }[];
}

export function podOf({ inputs }: KubernetesObject): Pod {
  return (inputs.spec as { template: { spec: Pod } }).template.spec;
}

export const named = (found: KubernetesObject[], name: string, namespace?: string) => {
  const hit = found.find(
    ({ inputs: { metadata } }) => metadata.name === name && (!namespace || metadata.namespace === namespace),
  );
  if (!hit) throw new Error(`no object ${namespace}/${name}`);
  return hit;
};

/** Namespaces in which somebody is bound who is no account of the cluster's: the vendor's managers. */
export const managedIn = (built: Recorded) =>
  objects(built, "RoleBinding")
    .filter(({ inputs }) => (inputs.subjects as { kind: string }[]).some(({ kind }) => kind !== "ServiceAccount"))
    .map(({ inputs }) => inputs.metadata.namespace ?? "")
    .sort();

/** Whoever objects tell of as their managers, each once. */
export const managersTold = (built: Recorded) => [
  ...new Set(
    ["Deployment", "ConfigMap"]
      .flatMap((kind) => objects(built, kind))
      .flatMap(({ inputs }) => {
        const { annotations = {} } = inputs.metadata as { annotations?: Record<string, string> };
        return annotations[managersAnnotation] ?? [];
      }),
  ),
];
