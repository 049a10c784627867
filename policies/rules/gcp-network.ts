/** Networks in Google Cloud: nothing is open to the internet, every flow is on record, every peer is accepted by name. */
import { isAnywhere, objectOf, objectsOf, textsOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

export const googleNoIngress: Rule = {
  name: "google-no-ingress-from-anywhere",
  controls: ["cp-restricted-security-groups", "net-no-inbound-firewall-rules"],
  says: "No firewall rule lets the whole internet in.",
  types: ["gcp:compute/firewall:Firewall"],
  judge: ({ direction = "INGRESS", allows, sourceRanges }) =>
    direction === "INGRESS" && objectsOf(allows).length > 0 && textsOf(sourceRanges).some(isAnywhere)
      ? ["ingress from everywhere"]
      : [],
};

export const googleNodesAreInside: Rule = {
  name: "google-subnets-are-private-and-logged",
  controls: ["net-no-inbound-firewall-rules", "cp-vpc-isolated"],
  says: "A subnet of nodes reaches Google inside, and each of its flows is on record.",
  types: ["gcp:compute/subnetwork:Subnetwork"],
  judge: ({ purpose, privateIpGoogleAccess, logConfig }) => {
    // Google's own proxies and translated addresses have no flows of their own to log.
    if (purpose === "REGIONAL_MANAGED_PROXY" || purpose === "PRIVATE_SERVICE_CONNECT") return [];
    return [
      ...(privateIpGoogleAccess === true ? [] : ["privateIpGoogleAccess is not on"]),
      ...(objectOf(logConfig).flowSampling === 1 ? [] : ["not every flow is logged"]),
    ];
  },
};

export const googlePeersAccepted: Rule = {
  name: "google-private-link-peers-are-accepted",
  controls: ["net-byoc-private-management"],
  says: "A service attachment lets named projects in, and no other.",
  types: ["gcp:compute/serviceAttachment:ServiceAttachment"],
  judge: ({ connectionPreference, consumerAcceptLists }) => [
    ...(connectionPreference === "ACCEPT_MANUAL" ? [] : ["every project may connect"]),
    ...(objectsOf(consumerAcceptLists).length > 0 ? [] : ["no project is named"]),
  ],
};
