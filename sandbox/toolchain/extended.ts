/** Parts that the first command builds which needs them: their ids alone, for whoever only reads options. */
export const extendedParts = [
  "logs",
  "metrics",
  "metrics-store",
  "gcp",
  "azure",
  "network-policy",
  "images",
  "apps",
] as const;
