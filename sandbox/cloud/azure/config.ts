/** What the front is told of Azure's APIs, where the customer's plane stands there. */
export interface AzureConfig {
  /** The subscription as the provider keeps it (providers/machine/kept.ts). */
  kept: string;
  /** Its activity log, which the provider writes. */
  activity: string;
  /** Folder of the front's own: the key of its tokens, keys of delegation that were given, secrets. */
  state: string;
  tenant: string;
  /** File of mode 0600 with the access token of who owns the subscription, for each of its APIs. */
  operatorToken: string;
  /** Where the resource manager answers, for links to further pages. */
  manager: string;
  /** Loopback port of azurite. */
  storePort: number;
  /** Name in azurite's certificate, and the authority that signed it. */
  storeName: string;
  authority: string;
  /** Of tokens of the customer's cluster. */
  issuer: string;
  /** Holds `<plane>/jwks.json`. */
  issuerDocuments: string;
}
