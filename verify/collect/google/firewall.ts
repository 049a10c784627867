/** Every rule that holds in a network: its own, and those of policies of the region, the network and what is above. */
import { z } from "zod";
import type { GoogleFirewallRule } from "../../facts-google.ts";
import type { Reads } from "./client.ts";

const texts = z.array(z.string()).default([]);
const traffic = z.array(z.object({ IPProtocol: z.string(), ports: texts })).default([]);

const ruleSchema = z.object({
  name: z.string(),
  direction: z.string().default("INGRESS"),
  disabled: z.boolean().default(false),
  ...{ allowed: traffic, denied: traffic },
  ...{ sourceRanges: texts, sourceTags: texts, sourceServiceAccounts: texts },
});
const policyRuleSchema = z.object({
  ...{ priority: z.number(), action: z.string(), direction: z.string().default("INGRESS") },
  disabled: z.boolean().default(false),
  match: z
    .object({
      layer4Configs: z.array(z.object({ ipProtocol: z.string(), ports: texts })).default([]),
      ...{ srcIpRanges: texts, srcFqdns: texts, srcRegionCodes: texts },
      ...{ srcThreatIntelligences: texts, srcAddressGroups: texts },
      srcSecureTags: z.array(z.object({ name: z.string() })).default([]),
    })
    .optional(),
});
const effectiveSchema = z.object({
  firewalls: z.array(ruleSchema).default([]),
  firewallPolicys: z.array(z.object({ name: z.string(), rules: z.array(policyRuleSchema).default([]) })).default([]),
});

/** @param network `projects/<id>/global/networks/<name>` */
export async function readFirewallRules(
  reads: Reads,
  project: string,
  region: string,
  network: string,
): Promise<GoogleFirewallRule[]> {
  const path = `/compute/v1/projects/${project}/regions/${region}/firewallPolicies/getEffectiveFirewalls`;
  const { firewalls, firewallPolicys } = await reads.one({ api: "compute", path, query: { network } }, effectiveSchema);
  return [
    ...firewalls.map(({ name, direction, disabled, allowed, denied, ...from }) => ({
      ...{ name, direction, enabled: !disabled, allows: allowed.length > 0 },
      ports: [...allowed, ...denied].map(({ IPProtocol, ports }) => tell(IPProtocol, ports)),
      sources: [
        ...from.sourceRanges,
        ...from.sourceTags.map((tag) => `tag ${tag}`),
        ...from.sourceServiceAccounts.map((account) => `account ${account}`),
      ],
    })),
    ...firewallPolicys.flatMap(({ name: policy, rules }) =>
      rules.map(({ priority, direction, disabled, action, match }) => ({
        ...{ name: `${policy}#${priority}`, direction, enabled: !disabled },
        // To leave it to the next is neither; to inspect and let in is to let in.
        allows: action === "allow" || action === "apply_security_profile_group",
        ports: (match?.layer4Configs ?? []).map(({ ipProtocol, ports }) => tell(ipProtocol, ports)),
        sources: match ? sourcesOf(match) : [],
      })),
    ),
  ];
}

function sourcesOf(match: NonNullable<z.infer<typeof policyRuleSchema>["match"]>): string[] {
  return [
    ...match.srcIpRanges,
    ...match.srcFqdns.map((name) => `name ${name}`),
    ...match.srcRegionCodes.map((code) => `country ${code}`),
    ...[...match.srcThreatIntelligences, ...match.srcAddressGroups].map((list) => `list ${list}`),
    ...match.srcSecureTags.map(({ name }) => `tag ${name}`),
  ];
}

const tell = (protocol: string, ports: readonly string[]) => [protocol, ports.join(",")].filter(Boolean).join(" ");
