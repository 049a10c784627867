/** Pod specs under the restricted Pod Security standard, as data. */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { type FileSource, filesFolder, healthPort, type ServiceSpec } from "./service-spec.ts";

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;

/** The user that the service image is built for. */
const user = 65532;

const podSecurity = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: "RuntimeDefault" },
};

const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
};

/** Measured at idle: 60 to 90 MiB a service. The limit leaves room for a full 32 MiB message each way. */
const resources = {
  requests: { cpu: "20m", memory: "96Mi" },
  limits: { cpu: "1", memory: "384Mi" },
};

export interface ContainerSpec {
  name: string;
  image: string;
  entry: string;
  env: Record<string, Input<string>>;
  files?: Record<string, FileSource>;
}

/** A pod of one container of the service image; `ports` and `probes` are what a server adds. */
export function renderPod(
  spec: ContainerSpec & { serviceAccount: string; usesApi: boolean },
  more: Partial<Container>,
): PodSpec {
  const { name, image, entry, env, files = {} } = spec;
  return {
    serviceAccountName: spec.serviceAccount,
    automountServiceAccountToken: spec.usesApi,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurity,
    containers: [
      {
        name,
        image,
        command: ["node", entry],
        env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
        volumeMounts: Object.keys(files).map((folder) => ({
          name: folder,
          mountPath: `${filesFolder}/${folder}`,
          readOnly: true,
        })),
        resources,
        securityContext: containerSecurity,
        ...more,
      },
    ],
    volumes: Object.entries(files).map(([folder, { kind, name: source }]) => ({
      name: folder,
      ...(kind === "secret"
        ? { secret: { secretName: source, defaultMode: 0o440 } }
        : { configMap: { name: source, defaultMode: 0o444 } }),
    })),
  };
}

/** A server's ports and the three probes that every service answers. */
export function renderServing({
  rpcPort,
  publicPort,
}: Pick<ServiceSpec, "rpcPort" | "publicPort">): Partial<Container> {
  const probe = (path: string) => ({ httpGet: { path, port: "health" }, timeoutSeconds: 5 });
  return {
    ports: [
      ...(rpcPort ? [{ name: "rpc", containerPort: rpcPort }] : []),
      ...(publicPort ? [{ name: "public", containerPort: publicPort.port }] : []),
      { name: "health", containerPort: healthPort },
    ],
    startupProbe: { ...probe("/healthz"), periodSeconds: 2, failureThreshold: 60 },
    readinessProbe: { ...probe("/readyz"), periodSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...probe("/healthz"), periodSeconds: 10, failureThreshold: 6 },
  };
}
