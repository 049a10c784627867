import type { Collected } from "../facts.ts";
import type { Target } from "../target.ts";
import { collectAws } from "./aws.ts";
import { collectKubernetes } from "./kubernetes.ts";

/** Reads everything that checks may need, once, in parallel. */
export async function collect(target: Target): Promise<Collected> {
  const [kubernetes, aws] = await Promise.all([collectKubernetes(target.kubeconfig), collectAws(target)]);
  return { ...kubernetes, ...aws };
}
