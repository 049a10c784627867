/** What hooks-main.ts is told, in a file that ensureHooks writes. Holds paths of secrets, never secrets. */
import type { Plane } from "../hosts.ts";
import type { Cloud } from "../model.ts";
import type { KeyPairFiles } from "../pki.ts";
import type { TokenLogin } from "./token-login.ts";

export interface HooksConfig extends TokenLogin {
  plane: Plane;
  port: number;
  serving: KeyPairFiles;
  /** For questions to the API server. */
  api: { endpoint: string; trust: string; login: KeyPairFiles };
  /** Of a cluster that is not in AWS: who owns what it stands in, and the file with that one's access token. */
  operator?: { cloud: Exclude<Cloud, "aws">; username: string; tokenFile: string };
}
