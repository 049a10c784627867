import { Pricing } from "@pulumi/azure-native/security/pricing.js";
import * as pulumi from "@pulumi/pulumi";

/** Plan of Microsoft Defender for Cloud. */
const plan = "Containers";
const scanning = "ContainerRegistriesVulnerabilityAssessments";

export interface AzureImageScanningArgs {
  subscription: string;
}

/**
 * Microsoft Defender scans what is pushed to registries of the whole subscription: Azure has no such setting of one registry.
 * It stays as it is when the stack goes, since other registries of the subscription may count on it by then.
 * Proved by image-scanning-customer-defined.
 */
export class AzureImageScanning extends pulumi.ComponentResource {
  constructor(name: string, { subscription }: AzureImageScanningArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:registry:AzureImageScanning", name, {}, opts);
    new Pricing(
      name,
      {
        ...{ scopeId: `subscriptions/${subscription}`, pricingName: plan, pricingTier: "Standard" },
        extensions: [{ name: scanning, isEnabled: "True" }],
      },
      { parent: this, retainOnDelete: true },
    );
    this.registerOutputs({});
  }
}
