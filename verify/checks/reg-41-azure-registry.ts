import { defineAzureCheck } from "../check.ts";
import { registryId, sameId } from "../collect/azure/places.ts";
import { keyOf } from "../collect/azure/vaults.ts";
import { fail, pass } from "../outcome.ts";

export const azureRegistrySealed = defineAzureCheck({
  id: "REG-41",
  title: "The registry is sealed under a key of the customer's, and nobody pulls from it unasked",
  severity: "medium",
  claims: ["enc-at-rest-registry"],
  documented: ["C11"],
  fix: "Set the registry up by the customer stack; its key cannot be changed later.",
  needs: ["azureRegistry", "azureKeys"],
  evaluate({ azureRegistry: { id, key, anonymousPulls }, azureKeys }, target) {
    if (!sameId(id, registryId(target))) return [fail(id, `is not ${registryId(target)}`)];
    if (!key) return [fail(id, "sealed under no key of the customer's")];
    if (!azureKeys.some(({ url, enabled }) => url === keyOf(key) && enabled))
      return [fail(id, `its key ${key} is disabled, or not there`)];
    if (anonymousPulls) return [fail(id, "whoever asks pulls images")];
    return [pass(id, `under ${key}, pulled by who has a right to`)];
  },
  sabotages: [
    {
      name: "it is under a key of Azure's",
      apply({ azureRegistry }) {
        delete azureRegistry.key;
      },
    },
    {
      name: "its key is disabled",
      apply({ azureRegistry, azureKeys }) {
        const own = azureRegistry.key;
        if (own === undefined) return false;
        for (const key of azureKeys) if (key.url === keyOf(own)) key.enabled = false;
        return undefined;
      },
    },
    {
      name: "whoever asks pulls images",
      apply({ azureRegistry }) {
        azureRegistry.anonymousPulls = true;
      },
    },
  ],
});
