import { type Check, defineAzureJointCheck } from "../check.ts";
import { registryId, sameId, secretsVaultId } from "../collect/azure/places.ts";
import { placesOf, storeClasses } from "../documented/classification.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { AzureTarget } from "../target.ts";
import { logWorkspaceId } from "./azure-questions.ts";
import { judgeTable, tellClass } from "./dat-01-classified.ts";
import { strayOf, tellCut } from "./object-places.ts";

const own = ["azureObjects", "azureStorage", "azureRegistry", "azureVaults", "azureLogs"] as const;
type Own = Parameters<Check<(typeof own)[number], AzureTarget>["evaluate"]>[0];

/** Whatever holds data, on both planes, against the one table of classes: what has no row is a finding. */
export const azureDataIsClassified = defineAzureJointCheck({
  id: "DAT-41",
  title: "Every column, container prefix and other store of both planes has a class, a place and a way to travel",
  severity: "medium",
  claims: ["data-classification-table"],
  documented: [],
  fix: "Name the data in verify/documented/classification.ts or verify/reason/metadata.ts, or remove it.",
  needs: ["regionTables", ...own],
  evaluate: ({ regionTables, ...facts }, { customer }) => [
    ...regionTables.map(judgeTable),
    ...judgeContainers(facts, customer),
    ...judgeStores(facts, customer),
  ],
  sabotages: [
    {
      name: "the first table gains a column that nobody classified",
      apply({ regionTables }) {
        regionTables.at(0)?.columns.push({ name: "outputs", type: "jsonb", notNull: false });
      },
    },
    {
      name: "an object lies under a prefix that nobody classified, in the second container",
      apply({ azureObjects }, { customer }) {
        azureObjects
          .find(({ container }) => container === customer.buckets.fastRegistration)
          ?.places.told.push("debug/");
      },
    },
    {
      name: "the first container holds more than was looked at",
      apply({ azureObjects }) {
        const [first] = azureObjects;
        if (first) first.places.cut = true;
      },
    },
    {
      name: "the account has a container that nobody classified",
      apply({ azureStorage }) {
        azureStorage.containers.push({ name: "copies", publicAccess: "None" });
      },
    },
    {
      name: "a container of the plane is gone from the table's sight",
      apply(facts, { customer }) {
        facts.azureObjects = facts.azureObjects.filter(({ container }) => container !== customer.buckets.metadata);
      },
    },
    {
      name: "the cluster's logs go to a workspace that nobody classified",
      apply({ azureLogs }) {
        azureLogs.senders[0]?.destinations.push("/subscriptions/s/resourceGroups/g/providers/other/w");
      },
    },
  ],
});

function judgeContainers({ azureObjects, azureStorage }: Own, target: AzureTarget): Finding[] {
  const { buckets } = target;
  const prefixes = placesOf(target);
  const known = (["metadata", "fastRegistration"] as const).map((which): Finding => {
    const found = azureObjects.find(({ container }) => container === buckets[which]);
    const subject = `${azureStorage.id}/${buckets[which]}`;
    if (!found) return fail(subject, "does not exist");
    const stray = strayOf(found.places, prefixes);
    if (stray !== undefined) return fail(`${subject}/${stray}`, "its prefix has no class");
    if (found.places.cut) return fail(subject, tellCut(found.places));
    return pass(subject, `${prefixes.join(", ")}: ${tellClass(storeClasses[`${which}Bucket`])}`);
  });
  const names: string[] = Object.values(buckets);
  // The account is the plane's alone.
  const others = azureStorage.containers.filter(({ name }) => !names.includes(name));
  return [...known, ...others.map(({ name }) => fail(`${azureStorage.id}/${name}`, "no row names it"))];
}

function judgeStores({ azureRegistry, azureVaults, azureLogs }: Own, target: AzureTarget): Finding[] {
  const vault = secretsVaultId(target);
  const kept = logWorkspaceId({ azureLogs }, target);
  const sent = [...new Set(azureLogs.senders.flatMap(({ destinations }) => destinations))];
  return [
    sameId(azureRegistry.id, registryId(target))
      ? pass(azureRegistry.id, tellClass(storeClasses.repository))
      : fail(azureRegistry.id, "no row names it"),
    ...azureVaults
      .filter(({ id }) => vault !== undefined && sameId(id, vault))
      .flatMap(({ id, secrets }) =>
        secrets.map((name) => pass(`${id}/secrets/${name}`, tellClass(storeClasses.secret))),
      ),
    ...sent.map((id): Finding => {
      if (kept !== undefined && sameId(id, kept)) return pass(id, tellClass(storeClasses.logGroup));
      // What the cluster says of itself, which holds no line of a pod.
      const records = azureLogs.senders.every(
        ({ namespaces, destinations }) => !destinations.includes(id) || namespaces?.length === 0,
      );
      return records ? pass(id, "records of the cluster's own control plane") : fail(id, "no row names it");
    }),
  ];
}
