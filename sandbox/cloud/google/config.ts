/** What the front is told of Google's APIs, where the customer's plane stands there. */
export interface GoogleConfig {
  /** The project as the provider keeps it (providers/machine/kept.ts). */
  kept: string;
  /** Folder of the front's own: tokens, keys, parts of uploads. */
  state: string;
  /** File of mode 0600 with the operator's access token. */
  operatorToken: string;
  /** Loopback port of fake-gcs-server. */
  storePort: number;
  /** Holds `<plane>/jwks.json`. */
  issuerDocuments: string;
}
