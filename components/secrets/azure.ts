import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../ownership/tags.ts";
import { createVault } from "./azure-vault.ts";
import type { SecretSettings } from "./backends.ts";
import { secretNamePrefix } from "./names.ts";

export interface SecretsVaultArgs {
  org: string;
  group: pulumi.Input<string>;
  region: string;
  tenant: string;
  /** From `vaultName`. */
  vault: string;
  /** ARM id of the nodes' subnet: secrets are asked for from there, and from nowhere else. */
  nodeSubnetId: pulumi.Input<string>;
  dataProtection: boolean;
  tags: Tags;
}

/**
 * The vault of users' secrets: the secrets themselves are made by the platform's services at run time. Who reads them is
 * RBAC's matter (identity/azure-roles.ts); only the nodes' subnet reaches it at all. It rests under Key Vault's own keys,
 * which no customer's key replaces. Proved by data-secrets-backends and secrets-backends-four.
 */
export class SecretsVault extends pulumi.ComponentResource {
  /** ARM id. */
  readonly id: pulumi.Output<string>;
  readonly settings: SecretSettings;

  constructor(name: string, args: SecretsVaultArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:secrets:SecretsVault", name, {}, opts);
    const vault = createVault(name, { ...args, name: args.vault, reachedFrom: [args.nodeSubnetId] }, this);
    this.id = vault.id;
    const vaultUrl = vault.id.apply(() => `https://${args.vault}.vault.azure.net/`);
    this.settings = { backend: "azure-key-vault", prefix: secretNamePrefix(args.org), vaultUrl };
    this.registerOutputs({ id: this.id });
  }
}
