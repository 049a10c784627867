/** The pod of one build, pure: BuildKit without root, with exactly the privileges that this takes. */
import type { V1Pod } from "@kubernetes/client-node";
import { managedByLabel, nameLabel } from "../workloads/labels.ts";
import { builderService, builderUser, buildNamespace, buildPodName, buildPort, daemonTlsSecret } from "./contract.ts";

export interface BuildPodArgs {
  /** Name of the pod, which begins with `build-`. */
  name: string;
  /** By digest. */
  image: string;
  /** The build is ended by then, whatever it does. */
  seconds: number;
}

/** The only capabilities of a build: newuidmap and newgidmap need them, and nothing else in the pod may execute them. */
export const buildCapabilities = ["SETUID", "SETGID"];

const tls = "/etc/buildkit-tls";
const home = "/home/builder";
const writable = { state: `${home}/.local/share/buildkit`, run: `/run/user/${builderUser}`, tmp: "/tmp" };

/**
 * One daemon a build: BuildKit can shield the steps of one daemon from each other only with a /proc of their own, which no
 * pod may mount. What is left out of the restricted standard is what was seen to fail with it: the default seccomp profile
 * forbids to fork into a user namespace, and without privilege escalation newuidmap is refused.
 */
export function renderBuildPod({ name, image, seconds }: BuildPodArgs): V1Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: buildNamespace,
      labels: { [nameLabel]: buildPodName, "app.kubernetes.io/part-of": "biplane", [managedByLabel]: builderService },
    },
    spec: {
      serviceAccountName: "default",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: "Never",
      activeDeadlineSeconds: seconds,
      terminationGracePeriodSeconds: 5,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: builderUser,
        runAsGroup: builderUser,
        fsGroup: builderUser,
        seccompProfile: { type: "Unconfined" },
      },
      containers: [
        {
          name: buildPodName,
          image,
          command: ["rootlesskit"],
          args: [
            ...["--net=host", "--copy-up=/etc", "buildkitd", "--oci-worker-no-process-sandbox"],
            ...["--oci-worker-binary=runc", "--oci-worker-snapshotter=overlayfs", `--addr=tcp://0.0.0.0:${buildPort}`],
            ...[`--tlscacert=${tls}/ca.crt`, `--tlscert=${tls}/tls.crt`, `--tlskey=${tls}/tls.key`],
          ],
          ports: [{ name: "buildkit", containerPort: buildPort }],
          readinessProbe: { tcpSocket: { port: buildPort }, periodSeconds: 1, failureThreshold: 60 },
          resources: { requests: { cpu: "200m", memory: "256Mi" }, limits: { cpu: "2", memory: "2Gi" } },
          securityContext: {
            privileged: false,
            allowPrivilegeEscalation: true,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"], add: buildCapabilities },
          },
          volumeMounts: [
            { name: "tls", mountPath: tls, readOnly: true },
            ...Object.entries(writable).map(([volume, mountPath]) => ({ name: volume, mountPath })),
          ],
        },
      ],
      volumes: [
        { name: "tls", secret: { secretName: daemonTlsSecret, defaultMode: 0o440 } },
        ...Object.keys(writable).map((volume) => ({ name: volume, emptyDir: {} })),
      ],
    },
  };
}
