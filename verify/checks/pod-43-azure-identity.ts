import { identityAnnotations } from "../../components/identity/contract.ts";
import { defineAzureCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import { containersOf } from "../reason/kubernetes.ts";
import { inOwnNamespaces } from "../target.ts";

const staticKeys =
  /^(AZURE_CLIENT_SECRET|AZURE_CLIENT_CERTIFICATE_PATH|AZURE_PASSWORD|AZURE_STORAGE_((ACCOUNT_|ACCESS_|MASTER_)?KEY|CLIENT_SECRET|CONNECTION_STRING|SAS_(KEY|TOKEN)|TOKEN)|AWS_SECRET_ACCESS_KEY|GOOGLE_CREDENTIALS)$/;
/** By it AKS's webhook knows the pods that are given their account's token. */
const asks = "azure.workload.identity/use";

/** Joins pod → account → annotation with the label by which a pod asks for it. */
export const azureIdentityPerPod = defineAzureCheck({
  id: "POD-43",
  title: "Pods get Azure credentials by their own account only",
  severity: "critical",
  claims: ["k8s-workload-identity-per-pod"],
  documented: ["C08"],
  fix: `Label the pod ${asks}, and take hostNetwork and static keys out of it.`,
  needs: ["pods", "serviceAccounts", "azureCluster"],
  evaluate({ pods, serviceAccounts, azureCluster }, target) {
    if (!azureCluster.workloadIdentity) return [fail(azureCluster.id, "gives pods no identity of their own")];
    const identityOf = new Map(
      serviceAccounts.map(({ metadata }) => [
        `${metadata?.namespace}/${metadata?.name}`,
        metadata?.annotations?.[identityAnnotations.azure],
      ]),
    );
    return pods.filter(inOwnNamespaces(target)).map((pod) => {
      const subject = subjectOf("Pod", pod);
      const key = containersOf(pod)
        .flatMap(({ env = [] }) => env)
        .find(({ name }) => staticKeys.test(name));
      if (key) return fail(subject, `carries a static credential in ${key.name}`);
      if (pod.spec?.hostNetwork)
        return fail(subject, "is on its node's network, where it is given the node's identity");
      const identity = identityOf.get(`${pod.metadata?.namespace}/${pod.spec?.serviceAccountName ?? "default"}`);
      if (identity === undefined) return pass(subject, "no cloud identity and no key");
      return pod.metadata?.labels?.[asks] === "true"
        ? pass(subject, `is given ${identity} by its account`)
        : fail(subject, `has ${identity} by its account, and does not ask for it: it has no credential, or another's`);
    });
  },
  sabotages: [
    {
      name: "the last pod is handed a static key",
      apply(facts, target) {
        const container = facts.pods.filter(inOwnNamespaces(target)).at(-1)?.spec?.containers[0];
        if (!container) return false;
        container.env = [...(container.env ?? []), { name: "AZURE_CLIENT_SECRET", value: "x" }];
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
      name: "the cluster gives no identities",
      apply({ azureCluster }) {
        azureCluster.workloadIdentity = false;
      },
    },
    {
      name: "the first pod that has an identity does not ask for it",
      apply({ pods }, target) {
        const asking = pods.filter(inOwnNamespaces(target)).find(({ metadata }) => metadata?.labels?.[asks]);
        if (!asking?.metadata?.labels) return false;
        delete asking.metadata.labels[asks];
        return undefined;
      },
    },
  ],
});
