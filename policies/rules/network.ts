/** Networks: every peer is named, nothing is open to the internet. */
import { isAnywhere, listOf, objectsOf, textOf } from "../inputs.ts";
import type { Inputs, Rule } from "../rule.ts";

const ingressRule = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const egressRule = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";
const group = "aws:ec2/securityGroup:SecurityGroup";

export const noIngressFromAnywhere: Rule = {
  name: "no-ingress-from-anywhere",
  controls: ["cp-restricted-security-groups", "net-no-inbound-firewall-rules"],
  says: "No security group lets the whole internet in.",
  types: [ingressRule, group, "aws:ec2/securityGroupRule:SecurityGroupRule"],
  judge: (inputs, { type }) =>
    ingressOf(type, inputs)
      .filter(isAnywhere)
      .map((cidr) => `ingress from ${textOf(cidr)}`),
};

function ingressOf(type: string, inputs: Inputs): unknown[] {
  if (type === ingressRule) return [inputs.cidrIpv4, inputs.cidrIpv6];
  const rules = type === group ? objectsOf(inputs.ingress) : inputs.type === "ingress" ? [inputs] : [];
  return rules.flatMap(({ cidrBlocks, ipv6CidrBlocks }) => [...listOf(cidrBlocks), ...listOf(ipv6CidrBlocks)]);
}

export const everyPeerIsDescribed: Rule = {
  name: "every-peer-is-described",
  controls: ["cp-restricted-security-groups"],
  says: "A rule of a security group says who its peer is.",
  types: [ingressRule, egressRule],
  judge: ({ description }) => (textOf(description).trim() ? [] : ["no description of the peer"]),
};

export const noPublicAddressByPlacement: Rule = {
  name: "no-public-address-by-placement",
  controls: ["net-no-inbound-firewall-rules", "cp-vpc-isolated"],
  says: "A subnet gives nothing a public address by itself.",
  types: ["aws:ec2/subnet:Subnet"],
  judge: ({ mapPublicIpOnLaunch }) => (mapPublicIpOnLaunch === true ? ["mapPublicIpOnLaunch is on"] : []),
};

export const peersAreAccepted: Rule = {
  name: "private-link-peers-are-accepted",
  controls: ["net-byoc-private-management"],
  says: "An endpoint service accepts each peer by hand, and only named principals may ask.",
  types: ["aws:ec2/vpcEndpointService:VpcEndpointService"],
  judge: ({ acceptanceRequired, allowedPrincipals }) => [
    ...(acceptanceRequired === true ? [] : ["acceptanceRequired is not on"]),
    ...(listOf(allowedPrincipals).includes("*") ? ["every account may ask for it"] : []),
  ],
};

/** TLS 1.2 and later only. */
const modernTls = /^ELBSecurityPolicy-(?:TLS13-1-[23]|FS-1-2|TLS-1-2)/;

export const balancersSpeakModernTls: Rule = {
  name: "balancers-speak-modern-tls",
  controls: ["cp-restricted-security-groups"],
  says: "A listener that ends TLS takes TLS 1.2 at least; none speaks plain HTTP.",
  types: ["aws:lb/listener:Listener"],
  judge: ({ protocol, sslPolicy }) => {
    if (protocol === "HTTP") return ["plain HTTP"];
    if (protocol !== "HTTPS" && protocol !== "TLS") return [];
    return modernTls.test(textOf(sslPolicy)) ? [] : [`sslPolicy ${textOf(sslPolicy) || "not set"} takes older TLS`];
  },
};
