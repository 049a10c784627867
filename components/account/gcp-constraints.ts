/** Policies of an organisation on how its projects are spoken to, as Google names them. */

export const transportConstraints = {
  /** Of Cloud Storage: plain HTTP. */
  plain: "storage.secureHttpTransport",
  /** Of every API: versions of TLS. */
  versions: "gcp.restrictTLSVersion",
} as const;

/** TLS 1.0 and 1.1, as the constraint calls them. */
export const oldTls = ["TLS_VERSION_1", "TLS_VERSION_1_1"] as const;
