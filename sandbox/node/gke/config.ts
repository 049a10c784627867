import type { KeyPairFiles } from "../../pki.ts";

/** What metadata-main.ts is told, in a file. Holds paths of secrets, never secrets. */
export interface MetadataConfig {
  /** The cluster's own API. */
  api: { endpoint: string; trust: string; login: KeyPairFiles };
}
