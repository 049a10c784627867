/** AdmissionReview of a new pod: asks for its service account and answers with pod-webhook.ts's patch. */
import { type Pod, type PodPlace, patchPod } from "./pod-webhook.ts";

export interface AdmissionReview {
  request: { uid: string; namespace: string; object: Pod & { spec: { serviceAccountName?: string } } };
}

export interface ServiceAccount {
  metadata: { annotations?: Record<string, string> };
}

function serviceAccountPath(namespace: string, name: string): string {
  return `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`;
}

/** @param read the service account at the path, from the API server that asks */
export async function admitPod(
  { request }: AdmissionReview,
  read: (path: string) => Promise<ServiceAccount>,
  place: PodPlace = {},
): Promise<object> {
  const { uid, namespace, object: pod } = request;
  const account = await read(serviceAccountPath(namespace, pod.spec.serviceAccountName || "default"));
  const patch = patchPod(pod, namespace, account.metadata.annotations ?? {}, place);
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: {
      uid,
      allowed: true,
      patchType: "JSONPatch",
      patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
    },
  };
}
