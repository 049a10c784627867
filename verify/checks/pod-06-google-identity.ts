import { identityAnnotations } from "../../components/identity/contract.ts";
import { defineGoogleCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import { containersOf } from "../reason/kubernetes.ts";
import { inOwnNamespaces } from "../target.ts";

const staticKeys =
  /^(AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|GOOGLE_APPLICATION_CREDENTIALS|GOOGLE_CREDENTIALS|GOOGLE_OAUTH_ACCESS_TOKEN|AZURE_CLIENT_SECRET|AZURE_STORAGE_KEY)$/;
/** GKE sets it on nodes whose metadata server answers pods by their own account, and never by the node's. */
const servesIdentities = "iam.gke.io/gke-metadata-server-enabled";

/** Joins pod → account → annotation with the node that answers for it. */
export const googleIdentityPerPod = defineGoogleCheck({
  id: "POD-06",
  title: "Pods get Google credentials by their own account only",
  severity: "critical",
  claims: ["k8s-workload-identity-per-pod"],
  documented: ["C08"],
  fix: "Turn on GKE_METADATA on the node pool, take hostNetwork and static keys out of the pod.",
  needs: ["pods", "serviceAccounts", "nodes"],
  evaluate({ pods, serviceAccounts, nodes }, target) {
    const identityOf = new Map(
      serviceAccounts.map(({ metadata }) => [
        `${metadata?.namespace}/${metadata?.name}`,
        metadata?.annotations?.[identityAnnotations.gcp],
      ]),
    );
    const serving = new Set(
      nodes
        .filter(({ metadata }) => metadata?.labels?.[servesIdentities] === "true")
        .map(({ metadata }) => metadata?.name),
    );
    return pods.filter(inOwnNamespaces(target)).map((pod) => {
      const subject = subjectOf("Pod", pod);
      const key = containersOf(pod)
        .flatMap(({ env = [] }) => env)
        .find(({ name }) => staticKeys.test(name));
      if (key) return fail(subject, `carries a static credential in ${key.name}`);
      if (pod.spec?.hostNetwork)
        return fail(subject, "is on its node's network, where it is given the node's identity");
      const node = pod.spec?.nodeName;
      if (node && !serving.has(node)) return fail(subject, `is on node ${node}, which gives pods the node's identity`);
      const identity = identityOf.get(`${pod.metadata?.namespace}/${pod.spec?.serviceAccountName ?? "default"}`);
      return pass(subject, identity ? `is given ${identity} by its account` : "no cloud identity and no key");
    });
  },
  sabotages: [
    {
      name: "the last pod is handed a static key",
      apply(facts, target) {
        const container = facts.pods.filter(inOwnNamespaces(target)).at(-1)?.spec?.containers[0];
        if (!container) return false;
        container.env = [...(container.env ?? []), { name: "GOOGLE_CREDENTIALS", value: "x" }];
        return undefined;
      },
    },
    {
      name: "the last pod takes its node's network",
      apply(facts, target) {
        const spec = facts.pods.filter(inOwnNamespaces(target)).at(-1)?.spec;
        if (!spec) return false;
        spec.hostNetwork = true;
        return undefined;
      },
    },
    {
      name: "the nodes answer for themselves",
      apply({ nodes, pods }, target) {
        if (!pods.filter(inOwnNamespaces(target)).some(({ spec }) => spec?.nodeName)) return false;
        for (const { metadata } of nodes) if (metadata) metadata.labels = {};
        return undefined;
      },
    },
  ],
});
