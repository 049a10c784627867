/** What gate-main.ts is told, in a file. Holds paths of secrets, never secrets. */
import type { Plane } from "../hosts.ts";
import type { TokenLogin } from "../node/token-login.ts";
import type { KeyPairFiles } from "../pki.ts";

/** Where to listen. */
export interface Place {
  /** Network namespace; the machine's own when absent. */
  namespace?: string;
  address: string;
  port: number;
}

export interface GateConfig {
  plane: Plane;
  /** The person's own file. */
  kubeconfig: string;
  /** The Kubernetes API, as EKS offers it. */
  api: Place & { serving: KeyPairFiles; clientAuthority: string; tokens: TokenLogin };
  /** For the given API server's questions about new pods. */
  webhook: Place & { serving: KeyPairFiles; authority: string; dnsFolder: string };
  /** Where the cloud's token service finds the keys of the cluster's service accounts. */
  issuer?: Place & { serving: KeyPairFiles; documents: Record<string, string> };
  /** NodePorts of the cluster, at the addresses where the edge looks for them. */
  forwards: (Place & { to: { host: string; port: number } })[];
}
