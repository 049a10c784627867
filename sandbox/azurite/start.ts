/**
 * azurite: Blob Storage with the signatures of its URLs checked. It takes any bearer token of the right form and knows no
 * rights; keys that sign URLs it derives from a constant that everybody can read. So whoever stands before it judges both.
 */
import type { Toolchain } from "../context.ts";

export interface AzuriteOptions {
  tools: Pick<Toolchain, "bin">;
  address: string;
  port: number;
  /** Of objects and of what it knows about them. */
  folder: string;
  /** PEM files: it takes bearer tokens over TLS alone. */
  certificate: string;
  key: string;
  /** Storage account, and a key of its own in base64, which nothing here signs with. */
  account: { name: string; key: string };
}

/** @returns what starts it; its account's key is in no argument */
export function azuriteProcess({ tools, address, port, folder, certificate, key, account }: AzuriteOptions) {
  return {
    command: process.execPath,
    args: [
      tools.bin("azurite-blob"),
      ...["--blobHost", address, "--blobPort", String(port), "--location", folder, "--silent"],
      ...["--oauth", "basic", "--cert", certificate, "--key", key],
      // Else it would tell its makers of its use, and refuse versions of the API that are younger than it is.
      ...["--disableTelemetry", "--skipApiVersionCheck", "--disableProductStyleUrl"],
    ],
    env: { AZURITE_ACCOUNTS: `${account.name}:${account.key}` },
  };
}
