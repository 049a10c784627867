import { workloadIdentityUser } from "../../components/identity/gcp-roles.ts";
import { defineGoogleCheck } from "../check.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { adminAccounts } from "../target.ts";

/** What a node's metadata answers to a pod: the pod's own identity, and never the node's. */
const ownIdentity = "GKE_METADATA";

export const googleWorkloadPool = defineGoogleCheck({
  id: "IAM-13",
  title: "Pods get their identities by the project's workload pool, on every node, and never the node's own",
  severity: "critical",
  claims: ["iam-gcp-workload-identity"],
  documented: ["C08"],
  fix: "Set workloadIdentityConfig on the cluster and GKE_METADATA on each node pool, as the customer's base stack does.",
  needs: ["googleCluster", "googleAccounts"],
  evaluate({ googleCluster, googleAccounts }, target) {
    const { project, accounts } = target;
    const { name, workloadPool, nodePools } = googleCluster;
    const wanted = `${project}.svc.id.goog`;
    const admin = googleAccounts.find(({ email }) => email === accounts.admin);
    const takers = (admin?.bindings ?? [])
      .filter(({ role }) => role === workloadIdentityUser)
      .flatMap(({ members }) => members);
    const expected = adminAccounts(target).length;
    return [
      workloadPool === wanted
        ? pass(name, `workload pool ${wanted}`)
        : fail(name, workloadPool === undefined ? "has no workload pool" : `its workload pool is ${workloadPool}`),
      ...(nodePools.length > 0 ? [] : [fail(name, "it has no node pool")]),
      ...nodePools.map(({ name: pool, metadataMode }): Finding => {
        const subject = `${name}/nodePools/${pool}`;
        return metadataMode === ownIdentity
          ? pass(subject, "its metadata answers with each pod's own identity")
          : fail(subject, `its metadata is ${metadataMode || "the node's"}, by which a pod takes the node's identity`);
      }),
      takers.length >= expected && takers.every((member) => member.startsWith(`serviceAccount:${wanted}[`))
        ? pass(accounts.admin, `taken through ${wanted}: ${takers.join(", ")}`)
        : fail(accounts.admin, `taken by ${takers.join(", ") || "nobody"}, which is not through ${wanted} alone`),
    ];
  },
  sabotages: [
    {
      name: "the cluster has no workload pool",
      apply({ googleCluster }) {
        delete googleCluster.workloadPool;
      },
    },
    {
      name: "the pool is another project's",
      apply({ googleCluster }) {
        googleCluster.workloadPool = "elsewhere.svc.id.goog";
      },
    },
    {
      name: "the last node pool shows its own metadata",
      apply({ googleCluster }) {
        const last = googleCluster.nodePools.at(-1);
        if (last) last.metadataMode = "GCE_METADATA";
      },
    },
    {
      name: "the first node pool says nothing",
      apply({ googleCluster }) {
        const first = googleCluster.nodePools.at(0);
        if (first) first.metadataMode = "";
      },
    },
    {
      name: "the admin's account is taken by a user's own key",
      apply({ googleAccounts }, { accounts }) {
        for (const { email, bindings } of googleAccounts)
          if (email === accounts.admin) bindings.push({ role: workloadIdentityUser, members: ["user:a@b.test"] });
      },
    },
  ],
});
