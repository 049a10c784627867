/** What the front is started with: a file of mode 0600, since it holds the operators' secrets. */
import { readFileSync } from "node:fs";
import type { AzureConfig } from "../azure/config.ts";
import type { CloudflareConfig } from "../cloudflare/config.ts";
import type { GoogleConfig } from "../google/config.ts";

export interface Operator {
  account: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface FrontConfig {
  address: string;
  port: number;
  /** PEM files. */
  certificate: string;
  key: string;
  authority: string;
  operators: Operator[];
  /** Loopback ports; `judge` is that of the object store's STS at `address`. */
  ports: { objects: number; emulator: number; login: number; judge: number; registry: number };
  /** Holds `<plane>/openid-configuration.json` and `<plane>/jwks.json`. */
  issuerDocuments: string;
  /** Account → facts of its cluster's node (sandbox/node/publish.ts), once there is one. */
  clusterFacts: Record<string, string>;
  /** File of the workloads' sessions, of mode 0600. */
  sessions: string;
  /** File in which is kept what the emulator lacks (../keeper/). */
  kept: string;
  /** File of the calls that changed something in IAM (../trail/). */
  trail: string;
  /** @default none: nobody asks Cloudflare */
  cloudflare?: CloudflareConfig;
  /** @default none: nobody stands in Google Cloud */
  google?: GoogleConfig;
  /** @default none: nobody stands in Azure */
  azure?: AzureConfig;
}

export function readFrontConfig(file: string): FrontConfig {
  return JSON.parse(readFileSync(file, "utf8")) as FrontConfig;
}
