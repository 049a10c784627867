/** What the Pod Security Standards look at, of pods and of the templates that pods are made from. */
import { z } from "zod";
import { isObject, type Manifest, namespaceOf } from "../input/manifests.ts";
import { listOf, maybe, parseOrRefuse, stringMap } from "../input/parsed.ts";

const flag = maybe(z.boolean("true or false"));
const word = maybe(z.string("a string"));
const number = maybe(z.int("a whole number"));

const seLinuxOptions = maybe(z.object({ type: word, user: word, role: word }));
const profile = maybe(z.object({ type: word }));
const windowsOptions = maybe(z.object({ hostProcess: flag }));

const shared = {
  runAsNonRoot: flag,
  runAsUser: number,
  seccompProfile: profile,
  appArmorProfile: profile,
  seLinuxOptions,
  windowsOptions,
};

const action = maybe(
  z.object({ httpGet: maybe(z.object({ host: word })), tcpSocket: maybe(z.object({ host: word })) }),
);

const container = z.object({
  name: z.string("the container's name"),
  ports: listOf(z.object({ hostPort: number })),
  livenessProbe: action,
  readinessProbe: action,
  startupProbe: action,
  lifecycle: maybe(z.object({ postStart: action, preStop: action })),
  securityContext: maybe(
    z.object({
      ...shared,
      privileged: flag,
      allowPrivilegeEscalation: flag,
      procMount: word,
      capabilities: maybe(z.object({ add: listOf(z.string()), drop: listOf(z.string()) })),
    }),
  ),
});

const volume = z.looseObject({ name: z.string("the volume's name") }).refine(({ name: _, ...sources }) => {
  const set = Object.values(sources).filter((source) => source !== undefined && source !== null);
  return set.length <= 1 && set.every(isObject);
}, "a volume of one kind at most, which is an object");

const podSpec = z.object({
  hostNetwork: flag,
  hostPID: flag,
  hostIPC: flag,
  hostUsers: flag,
  os: maybe(z.object({ name: word })),
  securityContext: maybe(z.object({ ...shared, sysctls: listOf(z.object({ name: z.string() })) })),
  containers: listOf(container),
  initContainers: listOf(container),
  ephemeralContainers: listOf(container),
  volumes: listOf(volume),
});

const template = z.object({ metadata: maybe(z.object({ annotations: stringMap })), spec: podSpec });

export type Container = z.infer<typeof container>;
export type SecurityContext = Pick<NonNullable<Container["securityContext"]>, keyof typeof shared>;

export interface Pod {
  /** `ns/name`; of a template `ns/Kind/name`. */
  title: string;
  annotations: Readonly<Record<string, string>>;
  spec: z.infer<typeof podSpec>;
  /** With the place of each, for messages. */
  containers: readonly { place: string; container: Container }[];
}

/** Where each kind keeps the template of its pods; the kinds that the admission controller looks into. */
export const templates: Readonly<Record<string, readonly string[]>> = {
  "/PodTemplate": ["template"],
  "/ReplicationController": ["spec", "template"],
  "apps/Deployment": ["spec", "template"],
  "apps/ReplicaSet": ["spec", "template"],
  "apps/StatefulSet": ["spec", "template"],
  "apps/DaemonSet": ["spec", "template"],
  "batch/Job": ["spec", "template"],
  "batch/CronJob": ["spec", "jobTemplate", "spec", "template"],
};

/** In the order of the manifests. */
export function readPods(manifests: readonly Manifest[]): Pod[] {
  return manifests.flatMap((manifest) => {
    const { group, kind, name } = manifest;
    if (group === "" && kind === "Pod") return [podOf(manifest, [], `${namespaceOf(manifest)}/${name}`)];
    const path = templates[`${group}/${kind}`];
    return path ? [podOf(manifest, path, `${namespaceOf(manifest)}/${kind}/${name}`)] : [];
  });
}

function podOf(manifest: Manifest, path: readonly string[], title: string): Pod {
  const subject = [manifest.source, manifest.kind, manifest.name, ...path].join(" ");
  const written = path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), manifest.object);
  const found = parseOrRefuse(template, written, subject);
  const { spec } = found;
  const kinds = ["initContainers", "containers", "ephemeralContainers"] as const;
  return {
    title,
    annotations: found.metadata?.annotations ?? {},
    spec,
    containers: kinds.flatMap((kind) =>
      spec[kind].map((one) => ({ place: `spec.${kind}[${one.name}]`, container: one })),
    ),
  };
}
