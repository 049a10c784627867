/** What hooks-main.ts is told, in a file that ensureHooks writes. Holds paths of secrets, never secrets. */
import type { Plane } from "../hosts.ts";
import type { KeyPairFiles } from "../pki.ts";

export interface HooksConfig {
  plane: Plane;
  port: number;
  serving: KeyPairFiles;
  /** For questions to the API server. */
  api: { endpoint: string; trust: string; login: KeyPairFiles };
  /** Keys of the people who may log in: an AWS credentials file and the profile in it. */
  credentialsFile: string;
  profile: string;
  /** Written when the cluster is created in the cloud; until then nobody logs in by token. */
  clusterNameFile: string;
}
