/** The configuration of every program: one schema each, from which reading, refusing and the published JSON Schema come. */
import { z } from "zod";
import { customerBaseSchema, customerSchema } from "./config/customer.ts";
import { customerAccountSchema } from "./config/customer-account.ts";
import { azureBaseSchema, azureCustomerSchema, azureLinkSchema } from "./config/customer-azure.ts";
import { googleBaseSchema, googleCustomerSchema, googleLinkSchema } from "./config/customer-gcp.ts";
import { regionSchema } from "./config/region.ts";

export { zonesOf } from "./config/common.ts";

/** Programs by name: a region, and the phases of a customer. */
export const schemas = {
  region: regionSchema,
  "customer-account": customerAccountSchema,
  "customer-base": customerBaseSchema,
  customer: customerSchema,
  "customer-base-gcp": googleBaseSchema,
  "customer-gcp": googleCustomerSchema,
  "customer-link-gcp": googleLinkSchema,
  "customer-base-azure": azureBaseSchema,
  "customer-azure": azureCustomerSchema,
  "customer-link-azure": azureLinkSchema,
};
export type Shape = keyof typeof schemas;
export type RegionConfig = z.output<typeof regionSchema>;
export type CustomerAccountConfig = z.output<typeof customerAccountSchema>;
export type CustomerBaseConfig = z.output<typeof customerBaseSchema>;
export type CustomerConfig = z.output<typeof customerSchema>;
export type GoogleBaseConfig = z.output<typeof googleBaseSchema>;
export type GoogleCustomerConfig = z.output<typeof googleCustomerSchema>;
export type GoogleLinkConfig = z.output<typeof googleLinkSchema>;
export type AzureBaseConfig = z.output<typeof azureBaseSchema>;
export type AzureCustomerConfig = z.output<typeof azureCustomerSchema>;
export type AzureLinkConfig = z.output<typeof azureLinkSchema>;

const ofWorkloads = ["registrationToken", "tunnelToken", "appsTunnelToken", "dataPlaneClientSecret"];

/** Keys whose values are shown to nobody: give them by `pulumi config set --secret`. A webhook's URL is its password. */
export const secretKeys: Record<Shape, string[]> = {
  region: ["alarms", "upstreamClientSecret", "tunnelReconcilerToken"],
  "customer-account": [],
  "customer-base": [],
  customer: ofWorkloads,
  "customer-base-gcp": [],
  "customer-gcp": ofWorkloads,
  "customer-link-gcp": [],
  "customer-base-azure": [],
  "customer-azure": ofWorkloads,
  "customer-link-azure": [],
};

/** @returns the JSON Schema of what a person writes, keys without the `biplane:` before them. */
export function configJsonSchema(shape: Shape): object {
  return z.toJSONSchema(schemas[shape], { io: "input" });
}
