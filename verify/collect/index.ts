import type { Collected } from "../facts.ts";
import type { AzureTarget, GoogleTarget, PlaneTarget, Target, Targets } from "../target.ts";
import { readAccessReviews } from "./access-reviews.ts";
import { collectAws } from "./aws.ts";
import { collectKubernetes, listOne } from "./kubernetes.ts";

/** Reads everything that checks of the named planes may need, once, in parallel; of others nothing is there. */
export async function collect({ customer, google, azure, controlPlane }: Targets): Promise<Partial<Collected>> {
  const [compute, control] = await Promise.all([
    customer ? collectCustomer(customer) : google ? collectProject(google) : azure ? collectSubscription(azure) : {},
    // Its clients are many: whoever looks at a customer only does not wait for them to load.
    controlPlane ? import("./region/index.ts").then(({ collectRegion }) => collectRegion(controlPlane)) : {},
  ]);
  return { ...compute, ...control };
}

async function collectCustomer(target: Target): Promise<Partial<Collected>> {
  const [cluster, aws] = await Promise.all([collectCluster(target), collectAws(target)]);
  return { ...cluster, ...aws };
}

async function collectProject(target: GoogleTarget): Promise<Partial<Collected>> {
  // Its credentials' library is for those only who look there.
  const project = import("./google/index.ts").then(({ collectGoogle }) => collectGoogle(target));
  const [cluster, own] = await Promise.all([collectCluster(target), project]);
  return { ...cluster, ...own };
}

async function collectSubscription(target: AzureTarget): Promise<Partial<Collected>> {
  const subscription = import("./azure/index.ts").then(({ collectAzure }) => collectAzure(target));
  const [cluster, own] = await Promise.all([collectCluster(target), subscription]);
  return { ...cluster, ...own };
}

/** What the cluster tells, in whichever cloud it stands. */
async function collectCluster(target: PlaneTarget): Promise<Partial<Collected>> {
  const [kubernetes, nodes, accessReviews] = await Promise.all([
    collectKubernetes(target.kubeconfig),
    listOne(target.kubeconfig, "v1", "Node"),
    readAccessReviews(target),
  ]);
  return { ...kubernetes, nodes, accessReviews };
}
