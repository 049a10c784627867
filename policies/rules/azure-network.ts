/** Networks in Azure: nothing is open to the internet, nodes leave by addresses that are known, peers are approved by name. */
import { isAnywhere, objectOf, objectsOf, textOf, textsOf } from "../inputs.ts";
import type { Inputs, Rule } from "../rule.ts";

const anywhere = (source: unknown) =>
  isAnywhere(source) || ["*", "internet", "any", "0.0.0.0"].includes(textOf(source).toLowerCase());

function letsIn(rule: Inputs): boolean {
  const { direction, access, sourceAddressPrefix, sourceAddressPrefixes } = rule;
  const open = anywhere(sourceAddressPrefix) || textsOf(sourceAddressPrefixes).some(anywhere);
  return textOf(direction) === "Inbound" && textOf(access) === "Allow" && open;
}

export const azureNoIngress: Rule = {
  name: "azure-no-ingress-from-anywhere",
  controls: ["cp-restricted-security-groups", "net-no-inbound-firewall-rules"],
  says: "No security rule lets the whole internet in.",
  types: ["azure-native:network:NetworkSecurityGroup", "azure-native:network:SecurityRule"],
  judge: (inputs, { type }) =>
    (type.endsWith(":SecurityRule") ? [inputs] : objectsOf(inputs.securityRules))
      .filter(letsIn)
      .map(({ name }) => `${textOf(name) || "the rule"} lets everybody in`),
};

export const azureNodesAreInside: Rule = {
  name: "azure-subnets-are-private-and-walled",
  controls: ["net-no-inbound-firewall-rules", "cp-vpc-isolated"],
  says: "A subnet has a security group and a NAT gateway, and no way out that Azure gives by itself.",
  types: ["azure-native:network:Subnet"],
  judge: ({ networkSecurityGroup, natGateway, defaultOutboundAccess }) => [
    ...("id" in objectOf(networkSecurityGroup) ? [] : ["no networkSecurityGroup is before it"]),
    ...("id" in objectOf(natGateway) ? [] : ["it leaves by no natGateway"]),
    ...(defaultOutboundAccess === false ? [] : ["defaultOutboundAccess is not off"]),
  ],
};

export const azurePeersApproved: Rule = {
  name: "azure-private-link-peers-are-approved",
  controls: ["net-byoc-private-management"],
  says: "An endpoint to somebody else's service asks and waits; it never approves itself.",
  types: ["azure-native:network:PrivateEndpoint"],
  judge: ({ privateLinkServiceConnections, manualPrivateLinkServiceConnections }) => [
    ...(objectsOf(privateLinkServiceConnections).length === 0 ? [] : ["a connection approves itself"]),
    ...(objectsOf(manualPrivateLinkServiceConnections).length > 0 ? [] : ["no connection is asked for"]),
  ],
};
