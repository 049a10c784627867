/** The vendor's end of the private way to one BYOC customer's cluster on Google Cloud, in the vendor's own project. */
import { ownershipLabels } from "../components/ownership/labels.ts";
import { GoogleApiLink } from "../components/private-link/gcp-consumer.ts";
import type { GoogleLinkConfig } from "./config.ts";
import { openGoogle } from "./foundation-gcp.ts";
import type { GoogleLinkOutputs, Pending } from "./outputs.ts";

export function customerLink(config: GoogleLinkConfig): Pending<GoogleLinkOutputs> {
  const { org, cluster, tags } = config;
  const labels = ownershipLabels({ plane: "control", org, cluster, tags });
  const link = new GoogleApiLink(`${org}-${cluster}-api`, { ...config, labels }, { providers: [openGoogle(config)] });
  return { apiAddress: link.address, connectionId: link.connectionId };
}
