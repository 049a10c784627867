/** The one pod that probes use: restricted, without a token, and gone by itself. */
import { AppsV1Api, type KubeConfig, type V1Pod, type V1ResourceRequirements } from "@kubernetes/client-node";
import type { PlaneTarget } from "../target.ts";

export interface ProbePod {
  name: string;
  image: string;
  command: string[];
  labels?: Record<string, string>;
  /** @default what the namespace gives */
  resources?: V1ResourceRequirements;
  /** The kubelet ends it then, whatever became of the probe. @default 300 */
  seconds?: number;
}

export function restrictedPod({ name, image, command, labels, resources, seconds = 300 }: ProbePod): V1Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...(labels ? { labels } : {}) },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: "Never",
      activeDeadlineSeconds: seconds,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "probe",
          image,
          command,
          ...(resources ? { resources } : {}),
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            readOnlyRootFilesystem: true,
          },
        },
      ],
    },
  };
}

/** One that is here already, so that nothing is pulled that the customer has not approved. */
export async function platformImage(
  config: KubeConfig,
  { namespace }: Pick<PlaneTarget, "namespace">,
): Promise<string> {
  const { items } = await config.makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace });
  const image = items.flatMap(({ spec }) => spec?.template.spec?.containers ?? []).find((one) => one.image)?.image;
  if (!image) throw new Error(`namespace ${namespace} has no Deployment whose image could be used`);
  return image;
}
