/** The vendor's end of the private way to one BYOC customer's cluster on Azure, in the vendor's own subscription. */
import { azureTags } from "../components/ownership/azure-tags.ts";
import { AzureApiLink } from "../components/private-link/azure-consumer.ts";
import type { AzureLinkConfig } from "./config.ts";
import { inAzure, openAzure } from "./foundation-azure.ts";
import type { AzureLinkOutputs, Pending } from "./outputs.ts";

export function customerLink(config: AzureLinkConfig): Pending<AzureLinkOutputs> {
  const { org, cluster } = config;
  const tags = azureTags({ plane: "control", org, cluster, tags: config.tags });
  const request = `Operation of cluster ${cluster} of ${org}`;
  const link = new AzureApiLink(`${org}-${cluster}-api`, { ...config, request, tags }, inAzure(openAzure(config)));
  return { apiAddress: link.address, endpointId: link.endpointId };
}
