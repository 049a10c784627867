import { Key } from "@pulumi/azure-native/keyvault/key.js";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";
import type { Tags } from "../ownership/tags.ts";
import { createVault } from "../secrets/azure-vault.ts";

/** A key in Key Vault as those who seal with it see it: made here or adopted. */
export interface VaultKeyReference {
  /** ARM id, for rights on it. */
  readonly id: pulumi.Output<string>;
  /** `https://<vault>.vault.azure.net/` */
  readonly vaultUri: pulumi.Output<string>;
  readonly keyName: string;
  /** Without a version: who seals takes the newest. */
  readonly url: pulumi.Output<string>;
}

/** One made here: some of Azure's services want a version beside the key. */
export interface MadeVaultKey extends VaultKeyReference {
  readonly versionUrl: pulumi.Output<string>;
}

export interface VaultKeysArgs<What extends string> {
  group: pulumi.Input<string>;
  region: string;
  tenant: string;
  /** From `vaultName`. */
  vault: string;
  keys: readonly What[];
  /** On: neither keys nor what rests under them can be destroyed by the stack. */
  dataProtection: boolean;
  tags: Tags;
}

/** ISO 8601. A new version every 90 days; older ones go on opening what they sealed, as they never expire. */
const rotation = "P90D";

/**
 * Keys of one phase, in a vault of their own. Who seals with one is let by a right on that key alone
 * (encryption/azure-sealer.ts); nobody of the plane has any, since services seal and open for whoever may read the object
 * itself. The vault's purge protection cannot be taken back: a destroyed stack leaves its name taken (docs/decisions/0043).
 * Proved by cmk-customer-keys, n-cmk-describe and enc-at-rest-object-store.
 */
export class VaultKeys<What extends string> extends pulumi.ComponentResource {
  readonly byName: Readonly<Record<What, MadeVaultKey>>;

  constructor(name: string, args: VaultKeysArgs<What>, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:encryption:VaultKeys", name, {}, opts);
    const { group, vault: vaultName, keys, tags, dataProtection } = args;
    // AKS asks for its key from a network of its own, which no rule of the vault's can name: rights are its wall.
    const vault = createVault(name, { ...args, name: vaultName, reachedFrom: "anywhere" }, this);
    const made = keys.map((keyName): [What, MadeVaultKey] => {
      const key = new Key(
        `${name}-${keyName}`,
        {
          ...{ resourceGroupName: group, vaultName: vault.name, keyName, tags },
          properties: {
            ...{ kty: "RSA", keySize: 3072, keyOps: ["wrapKey", "unwrapKey"] },
            attributes: { enabled: true },
            rotationPolicy: {
              lifetimeActions: [{ action: { type: "rotate" }, trigger: { timeAfterCreate: rotation } }],
            },
          },
        },
        { parent: this, protect: dataProtection },
      );
      const vaultUri = pulumi.output(vaultUriOf(vaultName));
      return [keyName, { id: key.id, vaultUri, keyName, url: key.keyUri, versionUrl: key.keyUriWithVersion }];
    });
    this.byName = Object.fromEntries(made) as Record<What, MadeVaultKey>;
    this.registerOutputs({});
  }
}

function vaultUriOf(vault: string): string {
  return `https://${vault}.vault.azure.net/`;
}

/**
 * A key that exists and belongs to somebody else: used, and never changed.
 * @throws UserError unless it is a key's ARM id, without a version
 */
export function adoptVaultKey(id: string, subject: string): VaultKeyReference {
  const form =
    /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.KeyVault\/vaults\/([\w-]+)\/keys\/([\w-]+)$/;
  const [, vault, keyName] = form.exec(id) ?? [];
  if (vault && keyName) {
    const vaultUri = vaultUriOf(vault);
    return {
      ...{ id: pulumi.output(id), keyName },
      ...{ vaultUri: pulumi.output(vaultUri), url: pulumi.output(`${vaultUri}keys/${keyName}`) },
    };
  }
  throw refusal({
    subject,
    value: id,
    allowed:
      "a key's id, /subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.KeyVault/vaults/<vault>/keys/<key>",
    todo: "A version is not taken: name its key.",
  });
}
