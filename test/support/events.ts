import { customerCluster } from "./customer-cluster.ts";
import { environment } from "./local-run.ts";

const { project, domain } = environment;

/** An event of the pod, as Kubernetes' own components say it. */
export async function sayOfPod(pod: string, message: string): Promise<void> {
  const namespace = `${project}-${domain}`;
  const involvedObject = { apiVersion: "v1", kind: "Pod", name: pod, namespace };
  const said = { type: "Normal", reason: "Marked", source: { component: "test" }, count: 1, lastTimestamp: new Date() };
  const body = { metadata: { generateName: "marker-" }, involvedObject, message, ...said };
  await customerCluster.core.createNamespacedEvent({ namespace, body });
}
