import * as pulumi from "@pulumi/pulumi";
import { renderExecKubeconfig } from "./exec-kubeconfig.ts";

/** What is read from an AKS cluster. */
export interface AksClusterAccess {
  name: string;
  /** Host name of the API, the one in its certificate. */
  host: string;
  /** @default 443 */
  port?: number;
  /** Address of a private endpoint that leads to it; by its name where there is none. */
  address?: string;
  /** Base64 of the cluster's CA bundle. */
  certificateAuthorityData: string;
}

/** Entra's application that stands for every AKS cluster. Source: kubelogin, "Concepts". */
const serverId = "6dae42f8-4368-4678-94ff-3960e28e3630";

/**
 * A kubeconfig without a credential in it: each client asks `kubelogin`, so that access is the caller's own and ends with
 * it. JSON, which is YAML too. How the caller signs in is the environment's (AAD_LOGIN_METHOD), else the Azure CLI's login.
 */
export function renderAksKubeconfig({
  name,
  host,
  port = 443,
  address,
  certificateAuthorityData,
}: AksClusterAccess): string {
  const cluster = {
    server: `https://${address ?? host}${port === 443 ? "" : `:${port}`}`,
    "certificate-authority-data": certificateAuthorityData,
    ...(address === undefined ? {} : { "tls-server-name": host }),
  };
  const exec = {
    command: "kubelogin",
    args: ["get-token", "--login", "azurecli", "--server-id", serverId],
    installHint: "https://azure.github.io/kubelogin",
    provideClusterInfo: false,
  };
  return renderExecKubeconfig({ name, cluster, exec });
}

export function aksKubeconfigOf(
  access: {
    [Part in keyof AksClusterAccess]: pulumi.Input<AksClusterAccess[Part]>;
  },
): pulumi.Output<string> {
  return pulumi.output(access).apply(renderAksKubeconfig);
}

/** The kubeconfig that AKS hands out to whoever may ask, base64; it holds no credential with Entra. */
type Credentials = readonly { value: string }[];

export function authorityIn(credentials: Credentials): string {
  const authority = fieldIn(credentials, "certificate-authority-data");
  if (authority) return authority;
  throw new Error("AKS answered a kubeconfig without certificate-authority-data");
}

/** Where the API listens: 443 where the address names none. */
export function portIn(credentials: Credentials): number {
  const server = fieldIn(credentials, "server");
  return Number((server && new URL(server).port) || 443);
}

function fieldIn(credentials: Credentials, name: string): string | undefined {
  const text = Buffer.from(credentials[0]?.value ?? "", "base64").toString("utf8");
  return new RegExp(`\\b${name}: (\\S+)`).exec(text)?.[1];
}
