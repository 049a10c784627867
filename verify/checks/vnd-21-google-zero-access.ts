import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { googlePlaneFacts } from "../reason/gcp/plane.ts";
import type { GoogleTarget } from "../target.ts";
import { judgeMembers } from "./iam-26-google-foreign.ts";
import { judgeBindings } from "./rbac-03-no-vendor-subjects.ts";

/** Rights on Google Cloud come by policies alone: where nobody else is named in any, nobody else has a way. */
export const vendorHasNoWayIntoProject = defineGoogleCheck({
  id: "VND-21",
  title: "Self-managed: nobody else is named in any policy, binding or network of the project",
  severity: "critical",
  claims: ["model-sm-zero-vendor-access"],
  documented: ["C07"],
  fix: "Remove the foreign member, grant or network; a self-managed plane knows no vendor.",
  needs: [...googlePlaneFacts, "googleNetwork", "clusterRoleBindings", "roleBindings"],
  notApplicable: ({ model }) =>
    model === "byoc" ? "BYOC: the vendor's account and private link are there by design" : undefined,
  evaluate: (facts, target) => [
    ...judgeMembers(facts, target),
    ...judgeBindings(facts),
    ...judgeNetwork(facts.googleNetwork, target),
  ],
  sabotages: [
    {
      name: "a log view is read by the vendor",
      apply({ googleStores }) {
        const members = ["serviceAccount:support@vendor-ops.iam.gserviceaccount.com"];
        googleStores.logBuckets.at(-1)?.views.at(-1)?.bindings.push({ role: "roles/logging.viewAccessor", members });
      },
    },
    {
      name: "a role of the vendor's AWS account may take an account",
      apply({ googleAccounts }) {
        const members = [
          "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/vendor/attribute.aws_role/arn:aws:sts::999999999999:assumed-role/operations",
        ];
        googleAccounts.at(-1)?.bindings.push({ role: "roles/iam.workloadIdentityUser", members });
      },
    },
    {
      name: "a support group is bound in the cluster",
      apply({ clusterRoleBindings }) {
        clusterRoleBindings.push({
          metadata: { name: "support" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
          subjects: [{ kind: "Group", name: "vendor-support" }],
        });
      },
    },
    {
      name: "the network is peered with another project's",
      apply({ googleNetwork }) {
        const network = "projects/vendor-ops/global/networks/management";
        googleNetwork.peerings.push({ name: "vendor", network, state: "ACTIVE" });
      },
    },
    {
      name: "an attachment offers the API to another project",
      apply({ googleNetwork }, { project, region }) {
        googleNetwork.attachments.push({
          name: `projects/${project}/regions/${region}/serviceAttachments/api`,
          ...{ preference: "ACCEPT_MANUAL", accepted: ["vendor-ops"], connections: [], schemes: ["INTERNAL_MANAGED"] },
        });
      },
    },
    {
      name: "a tunnel leads out of the network",
      apply({ googleNetwork }, { project, region }) {
        googleNetwork.tunnels.push(`projects/${project}/regions/${region}/vpnTunnels/vendor`);
      },
    },
  ],
});

/** Between networks; where a tunnel ends only its owner can tell. */
function judgeNetwork(
  { name, peerings, tunnels, attachments }: Facts["googleNetwork"],
  target: GoogleTarget,
): Finding[] {
  const own = new Set([target.project, name.split("/")[1]]);
  const foreign = [
    ...peerings
      .filter(({ network }) => !own.has(network.split("/")[1]))
      .map((peering) => fail(`peering ${peering.name}`, `joins ${peering.network}`)),
    ...tunnels.map((tunnel) => fail(tunnel, "leads to a network elsewhere")),
    ...attachments.flatMap(({ name: attachment, preference, accepted, connections }) => [
      ...(preference === "ACCEPT_MANUAL" ? [] : [fail(attachment, "lets every project connect unasked")]),
      ...accepted.filter((who) => !own.has(who)).map((who) => fail(attachment, `offered to ${who}`)),
      ...connections
        .filter(({ endpoint }) => !own.has(endpoint.split("/")[1]))
        .map(({ endpoint, state }) => fail(attachment, `${endpoint} is ${state}`)),
    ]),
  ];
  return foreign.length > 0 ? foreign : [pass(name, "joined with no other project's")];
}
