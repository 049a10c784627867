import { defineAzureCheck } from "../check.ts";
import { storageId } from "../collect/azure/places.ts";
import { type Finding, fail, pass } from "../outcome.ts";

export const azureContainersSealed = defineAzureCheck({
  id: "BKT-41",
  title:
    "Two containers of the subscription's own account: under a key, private, by Entra alone, versioned, in the chosen region",
  severity: "high",
  claims: ["buckets-two-per-cluster", "enc-at-rest-object-store", "residency-region-chosen"],
  documented: [],
  fix: "Set the account and its containers up by the customer stack.",
  needs: ["azureStorage", "azureKeys"],
  evaluate({ azureStorage: account, azureKeys }, target): Finding[] {
    const { id, location, key, sharedKeys, publicBlobs, versioned, localUsers } = account;
    const sealing = azureKeys.find(({ url }) => url === key);
    const judged = (ok: boolean, good: string, bad: string) => (ok ? pass(id, good) : fail(id, bad));
    return [
      judged(
        id.toLowerCase() === storageId(target).toLowerCase(),
        "of the subscription",
        `is not ${storageId(target)}`,
      ),
      judged(key !== undefined, `sealed under ${key}`, "sealed under no key of the customer's"),
      judged(sealing?.enabled === true, "its key is enabled", "its key is disabled, or not there"),
      judged(!sharedKeys, "its own keys sign nothing", "its own keys open every object"),
      judged(!localUsers, "no users of its own", "has users of its own, by password or key"),
      judged(!publicBlobs, "no container can be public", "a container may be made public"),
      judged(versioned, "versioned", "is not versioned"),
      judged(location === target.region, location, `in ${location}`),
      ...[...new Set([target.buckets.metadata, target.buckets.fastRegistration])].map((name): Finding => {
        const subject = `${id}/${name}`;
        const container = account.containers.find((one) => one.name === name);
        if (!container) return fail(subject, "does not exist");
        return container.publicAccess === "None"
          ? pass(subject, "private")
          : fail(subject, `whoever asks is given ${container.publicAccess.toLowerCase()}`);
      }),
      judged(target.buckets.metadata !== target.buckets.fastRegistration, "two containers", "both are one container"),
    ];
  },
  sabotages: [
    {
      name: "the account is under a key of Azure's",
      apply({ azureStorage }) {
        delete azureStorage.key;
      },
    },
    {
      name: "its key is disabled",
      apply({ azureStorage, azureKeys }) {
        for (const key of azureKeys) if (key.url === azureStorage.key) key.enabled = false;
      },
    },
    {
      name: "its own keys sign",
      apply({ azureStorage }) {
        azureStorage.sharedKeys = true;
      },
    },
    {
      name: "the last container is public",
      apply({ azureStorage }) {
        for (const container of azureStorage.containers.slice(-1)) container.publicAccess = "Blob";
      },
    },
    {
      name: "containers may be made public",
      apply({ azureStorage }) {
        azureStorage.publicBlobs = true;
      },
    },
    {
      name: "the second container is gone",
      apply({ azureStorage }, { buckets }) {
        azureStorage.containers = azureStorage.containers.filter(({ name }) => name !== buckets.fastRegistration);
      },
    },
    {
      name: "the account lies in another region",
      apply({ azureStorage }) {
        azureStorage.location = "eastus";
      },
    },
    {
      name: "it is another subscription's",
      apply({ azureStorage }) {
        azureStorage.id = azureStorage.id.replace(/^\/subscriptions\/[^/]+/, "/subscriptions/vendor");
      },
    },
    {
      name: "what is replaced is gone",
      apply({ azureStorage }) {
        azureStorage.versioned = false;
      },
    },
    {
      name: "users of its own come by a key",
      apply({ azureStorage }) {
        azureStorage.localUsers = true;
      },
    },
  ],
});
