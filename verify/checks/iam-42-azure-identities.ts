import { subjectOf, tokenAudience } from "../../components/identity/azure-roles.ts";
import { adminIdentity, foundIdentity, planeIdentities, taskIdentities } from "../azure-identities.ts";
import { defineAzureCheck } from "../check.ts";
import { identityId } from "../collect/azure/places.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { AzureTarget } from "../target.ts";

/** The exact pods, and nobody else: whoever another credential names would take the identity as well. */
export const azureIdentitiesTaken = defineAzureCheck({
  id: "IAM-42",
  title:
    "Two identities, each taken by its own Kubernetes accounts of this cluster through federation, and by nobody else",
  severity: "critical",
  claims: [
    "iam-two-roles-per-plane",
    "lp-two-iam-roles",
    "lp-roles-bound-by-federation",
    "iam-admin-assumed-by-platform",
    "iam-admin-used-by",
    "iam-azure-workload-identity",
  ],
  documented: ["C08"],
  fix: "Delete the federated credential; the customer stack sets the ones that belong there.",
  needs: ["azureIdentities", "azureCluster"],
  evaluate({ azureIdentities, azureCluster: { issuer, workloadIdentity, id } }, target) {
    if (!workloadIdentity) return [fail(id, "gives pods no identity: the issuer or workload identity is off")];
    return planeIdentities(target).flatMap((own): Finding[] => {
      const where = identityId(target, own.name);
      const found = foundIdentity(azureIdentities, target, own);
      if (!found) return [fail(where, "does not exist")];
      const takes = ({ issuer: by, subject, audiences }: (typeof found.credentials)[number]) =>
        by === issuer && subject !== undefined && own.subjects.includes(subject) && audiences.join() === tokenAudience;
      const taken = new Set(found.credentials.filter(takes).map(({ subject }) => subject));
      return [
        ...own.subjects.map((subject) =>
          taken.has(subject) ? pass(where, `taken by ${subject}`) : fail(where, `is not taken by ${subject}`),
        ),
        ...(own.subjects.length === 0
          ? [pass(where, "is there as documented, and each project has one of its own")]
          : []),
        ...found.credentials
          .filter((credential) => !takes(credential))
          .map(({ subject, issuer: by }) =>
            fail(where, `${subject ?? "whoever an expression names"} of ${by} takes it too`),
          ),
      ];
    });
  },
  sabotages: [
    {
      name: "the tasks' identity may be taken by the executor too",
      apply: (facts, target) =>
        trust(facts, target, "task", {
          subject: subjectOf({ namespace: target.namespace, serviceAccount: "executor" }),
        }),
    },
    {
      name: "the same account of another cluster may take the admin's",
      apply: (facts, target) =>
        trust(facts, target, "admin", { issuer: "https://westeurope.oic.prod-aks.azure.com/other/" }),
    },
    {
      name: "whoever an expression names may take the admin's",
      apply: (facts, target) => trust(facts, target, "admin", { subject: undefined }),
    },
    {
      name: "tokens that are made for somebody else are taken",
      apply(facts, target) {
        const found = foundIdentity(facts.azureIdentities, target, adminIdentity(target));
        const credential = found?.credentials.at(-1);
        if (!credential) return false;
        credential.audiences = [...credential.audiences, "https://kubernetes.default.svc"];
        return undefined;
      },
    },
    {
      name: "the executor may not take its own",
      apply(facts, target) {
        const found = foundIdentity(facts.azureIdentities, target, adminIdentity(target));
        if (!found) return false;
        found.credentials = found.credentials.filter(({ subject }) => !subject?.endsWith(":executor"));
        return undefined;
      },
    },
    {
      name: "the last identity of tasks is gone",
      apply(facts, target) {
        const last = taskIdentities(target).at(-1);
        const found = last && foundIdentity(facts.azureIdentities, target, last);
        facts.azureIdentities = facts.azureIdentities.filter((one) => one !== found);
      },
    },
    {
      name: "the cluster gives pods no identity",
      apply({ azureCluster }) {
        azureCluster.workloadIdentity = false;
      },
    },
  ],
});

function trust(
  { azureIdentities, azureCluster }: Pick<Facts, "azureIdentities" | "azureCluster">,
  target: AzureTarget,
  whom: "admin" | "task",
  change: { subject?: string | undefined; issuer?: string },
): undefined | false {
  const own = whom === "admin" ? adminIdentity(target) : taskIdentities(target).at(-1);
  const found = own && foundIdentity(azureIdentities, target, own);
  if (!own || !found) return false;
  const { subject, ...others } = { subject: own.subjects[0], issuer: azureCluster.issuer, ...change };
  found.credentials.push({
    ...{ name: "more", audiences: [tokenAudience], ...others },
    ...(subject === undefined ? {} : { subject }),
  });
  return undefined;
}
