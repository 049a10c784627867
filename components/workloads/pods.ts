/** Pod specs under the restricted Pod Security standard, as data. */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { selectorOf } from "./labels.ts";
import {
  type Beside,
  type Brings,
  type FileSource,
  filesFolder,
  healthPort,
  isCalled,
  type Ports,
  type Resources,
} from "./service-spec.ts";

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;

/** The user that the service image is built for. */
const user = 65532;

export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: "RuntimeDefault" },
};

export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
};

/** Measured at idle: 60 to 90 MiB a service. The limit leaves room for a full 32 MiB message each way. */
const measured: Resources = {
  requests: { cpu: "20m", memory: "96Mi" },
  limits: { cpu: "1", memory: "384Mi" },
};

/** A service ends itself 25 s after SIGTERM: the kubelet's patience is a little longer. */
const stopSeconds = 30;
/** Balancers and other nodes learn a moment late that a pod stops; until then it serves. */
const lingerSeconds = 3;

export interface ContainerSpec {
  name: string;
  image: string;
  entry: string;
  env: Record<string, Input<string>>;
  files?: Record<string, FileSource>;
  resources?: Resources;
}

export interface PodArgs extends ContainerSpec {
  serviceAccount: string;
  /** It gets a token of its account, and only then. */
  usesApi: boolean;
  /** PriorityClass. @default the cluster's own default */
  priority?: Input<string>;
  beside?: Beside;
  brings?: Brings;
}

/** A pod of one container of the service image, and what runs beside it; `container` and `pod` are what a server adds. */
export function renderPod(spec: PodArgs, container: Partial<Container>, pod: Partial<PodSpec> = {}): PodSpec {
  const { name, image, entry, env, files = {}, priority, beside, brings } = spec;
  return {
    serviceAccountName: spec.serviceAccount,
    automountServiceAccountToken: spec.usesApi,
    enableServiceLinks: false,
    ...(priority ? { priorityClassName: priority } : {}),
    terminationGracePeriodSeconds: stopSeconds,
    securityContext: podSecurity,
    ...pod,
    ...(brings ? { initContainers: [renderBringing(brings)] } : {}),
    containers: [
      {
        name,
        image,
        command: ["node", entry],
        env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
        volumeMounts: [...mounts(files), ...(brings ? broughtMounts(brings) : [])],
        resources: spec.resources ?? measured,
        securityContext: containerSecurity,
        ...container,
      },
      ...(beside ? [renderBeside(beside)] : []),
    ],
    volumes: [
      ...Object.entries({ ...files, ...beside?.files }).map(([folder, { kind, name: source }]) => ({
        name: folder,
        ...(kind === "secret"
          ? { secret: { secretName: source, defaultMode: 0o440 } }
          : { configMap: { name: source, defaultMode: 0o444 } }),
      })),
      ...(brings ? [programsVolume, tmpVolume].map((volume) => ({ name: volume, emptyDir: {} })) : []),
    ],
  };
}

function mounts(files: Record<string, FileSource>) {
  return Object.keys(files).map((folder) => ({
    name: folder,
    mountPath: `${filesFolder}/${folder}`,
    readOnly: true,
  }));
}

const programsVolume = "programs";
const tmpVolume = "tmp";

function renderBringing({ image, programs, to }: Brings): Container {
  return {
    name: "programs",
    image,
    command: ["cp", ...programs, to],
    volumeMounts: [{ name: programsVolume, mountPath: to }],
    resources: measured,
    securityContext: containerSecurity,
  };
}

function broughtMounts({ to }: Brings) {
  return [
    { name: programsVolume, mountPath: to, readOnly: true },
    { name: tmpVolume, mountPath: "/tmp" },
  ];
}

function renderBeside({ name, image, args, files, ready: command }: Beside): Container {
  return {
    name,
    image,
    args,
    volumeMounts: mounts(files),
    resources: measured,
    securityContext: containerSecurity,
    // Not started again for it: its own patience with the other side is longer.
    readinessProbe: { exec: { command }, timeoutSeconds: 10, periodSeconds: 10, failureThreshold: 2 },
  };
}

/** A server's ports, the three probes that every service answers, and a stop that whoever is called makes slowly. */
export function renderServing(spec: Ports): Partial<Container> {
  const { rpcPort, publicPort, webhookPort } = spec;
  const probe = (path: string) => ({ httpGet: { path, port: "health", scheme: "HTTPS" }, timeoutSeconds: 5 });
  return {
    ports: [
      ...(rpcPort ? [{ name: "rpc", containerPort: rpcPort }] : []),
      ...(publicPort ? [{ name: "public", containerPort: publicPort.port }] : []),
      ...(webhookPort ? [{ name: "webhook", containerPort: webhookPort }] : []),
      { name: "health", containerPort: healthPort },
    ],
    startupProbe: { ...probe("/healthz"), periodSeconds: 2, failureThreshold: 60 },
    readinessProbe: { ...probe("/readyz"), periodSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...probe("/healthz"), periodSeconds: 10, failureThreshold: 6 },
    // By the kubelet itself: the image holds no program that sleeps.
    ...(isCalled(spec) ? { lifecycle: { preStop: { sleep: { seconds: lingerSeconds } } } } : {}),
  };
}

/** The kubelet's patience covers the wait before the stop as well. */
export function renderStop(spec: Ports): Partial<PodSpec> {
  return isCalled(spec) ? { terminationGracePeriodSeconds: stopSeconds + lingerSeconds } : {};
}

/**
 * Over zones and nodes where that can be: a cluster that has lost a zone must still start pods, so it is a wish. Pods of
 * the revision that goes are not counted.
 */
export function renderSpread(service: string): Partial<PodSpec> {
  const wish = (topologyKey: string) => ({
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: selectorOf(service) },
    matchLabelKeys: ["pod-template-hash"],
  });
  return { topologySpreadConstraints: [wish("topology.kubernetes.io/zone"), wish("kubernetes.io/hostname")] };
}
