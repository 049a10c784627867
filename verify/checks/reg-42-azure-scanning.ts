import { defineAzureCheck } from "../check.ts";
import { registryId, sameId } from "../collect/azure/places.ts";
import type { AzureDefenderFact } from "../facts-azure.ts";
import { fail, pass } from "../outcome.ts";

type Plan = AzureDefenderFact["plans"][number];

/** Either has it as an extension, which can be off; of the deprecated plan ContainerRegistry nobody says that it still scans. */
const scanners = ["Containers", "CloudPosture"];
const extension = "ContainerRegistriesVulnerabilityAssessments";

/** Scanning is the subscription's setting, and so the customer's; what another scanner looks at no API of Azure's tells. */
export const azureImagesScanned = defineAzureCheck({
  id: "REG-42",
  title: "Images in the registry are scanned by Microsoft Defender, as the customer has it for the subscription",
  severity: "medium",
  claims: ["image-scanning-customer-defined"],
  documented: [],
  fix: "Set imageScanning of the customer's base stack to defender, or turn scanning of registries on in the subscription; where a scanner of your own looks at the images, answer for the finding by --waivers.",
  needs: ["azureRegistry", "azureDefender"],
  evaluate({ azureRegistry: { id }, azureDefender: { plans } }, target) {
    if (!sameId(id, registryId(target))) return [fail(id, `is not ${registryId(target)}`)];
    const scanner = plans.find(scans);
    if (scanner) return [pass(id, `scanned by plan ${scanner.name} of Microsoft Defender`)];
    return [
      fail(id, `no plan of Microsoft Defender scans it: ${scanners.map((name) => told(name, plans)).join(", ")}`),
    ];
  },
  sabotages: [
    {
      name: "every plan is free",
      apply({ azureDefender }) {
        for (const plan of azureDefender.plans) plan.tier = "Free";
      },
    },
    {
      name: "scanning is off within every plan",
      apply({ azureDefender }) {
        for (const plan of azureDefender.plans) plan.extensions = plan.extensions.filter((name) => name !== extension);
      },
    },
    {
      name: "only the deprecated plan is left",
      apply({ azureDefender }) {
        azureDefender.plans = [
          { name: "ContainerRegistry", tier: "Standard", deprecated: true, extensions: [extension] },
        ];
      },
    },
    {
      name: "nothing is told of any plan",
      apply({ azureDefender }) {
        azureDefender.plans = [];
      },
    },
  ],
});

function scans({ name, tier, deprecated, extensions }: Plan): boolean {
  return scanners.includes(name) && tier === "Standard" && !deprecated && extensions.includes(extension);
}

function told(name: string, plans: readonly Plan[]): string {
  const plan = plans.find((one) => one.name === name);
  if (!plan) return `${name} is not told`;
  if (plan.deprecated) return `${name} is deprecated`;
  return plan.tier === "Standard" ? `${name} is on without ${extension}` : `${name} is ${plan.tier}`;
}
