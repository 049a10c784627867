import { z } from "zod";
import type { AzureRule } from "../../facts-azure.ts";
import type { Reads } from "./client.ts";
import { lastOf } from "./places.ts";

const texts = z
  .array(z.string())
  .nullish()
  .transform((found) => found ?? []);
const text = z.string().nullish();
const groups = z.array(z.object({ id: z.string() })).nullish();
const ruleSchema = z.object({
  name: z.string(),
  properties: z.object({
    ...{ priority: z.number(), direction: z.string(), access: z.string(), protocol: z.string().default("*") },
    ...{ sourceAddressPrefix: text, sourceAddressPrefixes: texts, sourceApplicationSecurityGroups: groups },
    ...{ destinationPortRange: text, destinationPortRanges: texts },
  }),
});
const groupSchema = z.object({
  id: z.string(),
  properties: z.object({ securityRules: z.array(ruleSchema).default([]) }),
});

/** Azure's own rules, which come last and let in nobody from outside, are not told. @param counts which groups */
export async function readAzureRules(
  reads: Reads,
  subscription: string,
  counts: (id: string) => boolean,
): Promise<AzureRule[]> {
  const path = `${subscription}/providers/Microsoft.Network/networkSecurityGroups`;
  const listed = await reads.all(path, "2024-05-01", groupSchema);
  return listed
    .filter(({ id }) => counts(id))
    .flatMap(({ id, properties }) =>
      properties.securityRules.map(({ name, properties: rule }) => {
        const ports = [rule.destinationPortRange, ...rule.destinationPortRanges].filter(Boolean).join(",");
        return {
          ...{ name: `${lastOf(id)}/${name}`, priority: rule.priority },
          ...{ inbound: rule.direction.toLowerCase() === "inbound", allows: rule.access.toLowerCase() === "allow" },
          ports: ports === "*" || ports === "" ? "all" : `${rule.protocol.toLowerCase()} ${ports}`,
          sources: [
            ...(rule.sourceAddressPrefix ? [rule.sourceAddressPrefix] : []),
            ...rule.sourceAddressPrefixes,
            ...(rule.sourceApplicationSecurityGroups ?? []).map((group) => `group ${group.id}`),
          ],
        };
      }),
    );
}
