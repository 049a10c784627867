/** What a customer's platform is told alike in every cloud: its images, and how it joins its region. */
import * as pulumi from "@pulumi/pulumi";
import type { AzureCustomerConfig, CustomerConfig, GoogleCustomerConfig } from "./config.ts";

/** For `ComputePlane`, beside the settings themselves. Tokens and secrets are marked as such here. */
export function platformOf(config: CustomerConfig | AzureCustomerConfig | GoogleCustomerConfig) {
  const { images, tunnelToken, appsTunnelToken } = config;
  return {
    image: images.services,
    clusterName: config.cluster,
    registrationToken: pulumi.secret(config.registrationToken),
    ...(images.connector && tunnelToken !== undefined
      ? { connector: { image: images.connector, token: pulumi.secret(tunnelToken) } }
      : {}),
    ...(images.connector && appsTunnelToken !== undefined
      ? { appsConnector: { image: images.connector, token: pulumi.secret(appsTunnelToken) } }
      : {}),
    taskClient: { id: config.dataPlaneClientId, secret: pulumi.secret(config.dataPlaneClientSecret) },
    admission: config,
  };
}
