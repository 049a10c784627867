/** Every call of the collector, as it should go and as it may not. */
import { describe, expect, it } from "vitest";
import type { Collected, FactName } from "../../facts.ts";
import { azureActions, azureFollows } from "../../permissions/calls.ts";
import { leastAzureLister, leastAzureRole, listsOnly } from "../../permissions/render.ts";
import { conditionHolds } from "../../reason/azure/condition.ts";
import { goodAzureTarget } from "../../testing/good-azure.ts";
import { smallSubscription } from "../../testing/small-subscription.ts";
import { readsOf } from "./client.ts";
import { readAzure } from "./index.ts";

const all = [...new Set(Object.values(azureActions).flat())];
/** With what follows from them. */
function readersOf(action: string): string[] {
  const own = (Object.keys(azureActions) as FactName[]).filter((name) => azureActions[name]?.includes(action));
  const after = (Object.keys(azureFollows) as FactName[]).filter((name) =>
    azureFollows[name]?.some((before) => own.includes(before)),
  );
  return [...new Set([...own, ...after])].sort();
}
const unread = (collected: Partial<Collected>) =>
  (Object.keys(collected) as FactName[]).filter((name) => !collected[name]?.read).sort();
const read = (answer: Parameters<typeof smallSubscription>[0] = () => undefined) =>
  readAzure(readsOf(smallSubscription(answer)), goodAzureTarget);
const problem = (status: number, headers = {}) =>
  Response.json({ error: { code: "No", message: "not now" } }, { status, headers });

describe("a subscription", () => {
  it("is read whole", async () => {
    const collected = await read();
    expect(Object.values(collected).flatMap((fact) => (fact.read ? [] : fact.reason))).toEqual([]);
    expect(collected.azureStorage).toMatchObject({
      value: {
        ...{
          key: "https://acme-secrets-1.vault.azure.net/keys/k",
          sharedKeys: false,
          httpsOnly: true,
          versioned: true,
        },
        containers: [{ name: "acme-metadata", publicAccess: "None" }],
        // What the API says nothing of is as Azure has it then.
        ...{ publicBlobs: true, acrossTenants: true },
      },
    });
    const places = { told: ["a&b", "a\nb", "old/", "acme/demo/development/"], cut: false };
    expect(collected.azureObjects).toMatchObject({ value: [{ places }, { places }] });
    expect(collected.azureNetwork).toMatchObject({
      value: {
        rules: [{ inbound: true, allows: false, ports: "all", sources: ["Internet"] }],
        // Of this network alone.
        endpoints: [
          {
            id: expect.stringMatching(/privateEndpoints\/api$/),
            services: [{ to: expect.stringMatching(/managedClusters\/[^/]+$/) }, { to: "alias", state: "not told" }],
          },
        ],
        managers: [],
      },
    });
    expect(collected.azureCreations).toMatchObject({
      value: [
        { calls: [{ status: "Started" }, { answer: "Created", by: { object: goodAzureTarget.ownPrincipals[0] } }] },
        {},
      ],
    });
    const plans = collected.azureDefender?.read ? collected.azureDefender.value.plans : [];
    expect(plans.filter(({ name }) => name.startsWith("Contain"))).toEqual([
      { name: "ContainerRegistry", tier: "Free", deprecated: true, extensions: [] },
      {
        ...{ name: "Containers", tier: "Standard", deprecated: false },
        extensions: ["ContainerRegistriesVulnerabilityAssessments"],
      },
    ]);
    expect(collected.azureCluster).toMatchObject({ value: { upgrades: { cluster: "patch", nodes: "None" } } });
    expect(collected.azureVaults).toMatchObject({ value: [{ rbac: true, open: true, secrets: ["union--acme--KEY"] }] });
    expect(collected.azureLogs).toMatchObject({ value: { senders: [{}, { namespaces: [] }] } });
  });

  it.each(all)("needs %s: without it the declared facts are not read, and no other is lost", async (action) => {
    const refused: string[] = [];
    const lost = unread(
      await read((needed) => {
        if (needed !== action) return undefined;
        refused.push(needed);
        return problem(403);
      }),
    );
    expect(refused).not.toEqual([]);
    expect(lost).toEqual(readersOf(action));
  });

  it.each([404, 429, 500])("is told of as not read where an answer is %i, to the end", async (status) => {
    let asked = 0;
    const collected = await read((action) => {
      if (action !== "Microsoft.Authorization/denyAssignments/read") return undefined;
      asked++;
      return problem(status);
    });
    expect(unread(collected)).toEqual(["azureRights", "azureRoles"]);
    expect(asked).toBe(status === 404 ? 1 : 3);
    expect(collected.azureRights).toMatchObject({
      request: expect.stringContaining("deny assignments"),
      reason: expect.stringContaining(`denyAssignments: ${status} No: not now`),
    });
  });

  it("is asked again where the trouble passes", async () => {
    let first = true;
    const collected = await read(() => {
      if (!first) return undefined;
      first = false;
      return problem(429, { "retry-after": "0" });
    });
    expect(unread(collected)).toEqual([]);
  });

  it("is read to the last page, and not by the first alone", async () => {
    const rest = "Microsoft.ManagedIdentity/userAssignedIdentities/read";
    const page = (nextLink: string) =>
      read((action, url) => {
        if (action !== rest) return undefined;
        return url.includes("page=2") ? problem(500) : Response.json({ value: [], nextLink });
      });
    const cut = await page(
      "https://manager.test/subscriptions/s/providers/Microsoft.ManagedIdentity/userAssignedIdentities?page=2",
    );
    expect(unread(cut)).toEqual(["azureIdentities"]);
    const elsewhere = await page("https://elsewhere.test/providers/Microsoft.ManagedIdentity/userAssignedIdentities");
    expect(elsewhere.azureIdentities).toMatchObject({
      reason: expect.stringContaining("which is not https://manager.test"),
    });
    const circle = await page("https://manager.test/providers/Microsoft.ManagedIdentity/userAssignedIdentities?x=1");
    expect(circle.azureIdentities).toMatchObject({ reason: expect.stringContaining("its pages do not end") });
  });

  it("is not read where an answer is none, or a list of blobs is no list", async () => {
    const strange = await read((action) =>
      action === "Microsoft.KeyVault/vaults/read" ? Response.json({ vaults: [] }) : undefined,
    );
    expect(unread(strange)).toEqual(["azureKeys", "azureVaults"]);
    const page = await read((action) => (action === "blobs" ? new Response("<html>sign in</html>") : undefined));
    expect(unread(page)).toEqual(["azureObjects"]);
    const cut = await read((action, url) => (action === "blobs" && url.includes("marker=") ? problem(500) : undefined));
    expect(unread(cut)).toEqual(["azureObjects"]);
  });

  it("is read by the roles that are printed, and these only look", () => {
    expect(leastAzureRole().Actions).toEqual([...all].sort());
    expect(leastAzureRole().Actions.filter((action) => !action.endsWith("/read"))).toEqual([]);
    expect(leastAzureRole().DataActions).toEqual([]);
    const [action = ""] = leastAzureLister().DataActions;
    const holds = (subOperation: string | null) =>
      conditionHolds(listsOnly, { action, subOperation, attribute: () => undefined }).matches;
    expect([holds("Blob.List"), holds(null), holds("Blob.Read.WithTagConditions")]).toEqual(["yes", "no", "no"]);
  });
});
