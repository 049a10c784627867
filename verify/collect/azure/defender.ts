import { z } from "zod";
import type { AzureDefenderFact } from "../../facts-azure.ts";
import type { Reads } from "./client.ts";

const version = "2024-01-01";
const planSchema = z.object({
  name: z.string(),
  properties: z.object({
    pricingTier: z.string(),
    deprecated: z.boolean().nullish(),
    extensions: z.array(z.object({ name: z.string(), isEnabled: z.string() })).nullish(),
  }),
});

/** @param subscription its id */
export async function readAzureDefender(reads: Reads, subscription: string): Promise<AzureDefenderFact> {
  // All at once: the API gives no further page.
  const plans = await reads.all(`${subscription}/providers/Microsoft.Security/pricings`, version, planSchema);
  return {
    plans: plans.map(({ name, properties: { pricingTier: tier, deprecated, extensions } }) => ({
      ...{ name, tier, deprecated: deprecated ?? false },
      extensions: (extensions ?? [])
        .filter(({ isEnabled }) => isEnabled.toLowerCase() === "true")
        .map((one) => one.name),
    })),
  };
}
