import { planeIdentities } from "../azure-identities.ts";
import { defineAzureCheck } from "../check.ts";
import { identityId, sameId } from "../collect/azure/places.ts";
import type { Facts } from "../facts.ts";
import type { AzureCreationFact } from "../facts-azure.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { callThatMadeIdentity } from "../reason/azure/creation.ts";
import type { AzureTarget } from "../target.ts";
import { stranger } from "./iam-46-azure-foreign.ts";
import { changing } from "./who-made.ts";

type Call = AzureCreationFact["calls"][number];
type Around = Pick<Facts, "azureIdentities" | "azureCluster">;

/**
 * In BYOC too: whoever writes an identity's credentials can become it, so a vendor that made these would have a way to data.
 * A guest has a token of the customer's own tenant, so the tenant alone does not tell whose a caller is.
 */
export const azureIdentitiesMadeByCustomer = defineAzureCheck({
  id: "IAM-55",
  title: "The customer's own principals made the plane's identities, and nobody else could have been one of them",
  severity: "high",
  claims: ["iam-provisioned-by-customer-sm"],
  supersedes: { "iam-provisioned-by-vendor-byoc": "docs/decisions/0059-roles-made-with-the-customers-rights.md" },
  documented: ["C07"],
  fix: "Replace the identity by the customer stack, run with credentials of the customer's own, or name who made it as the customer's own (ownPrincipals).",
  needs: ["azureCreations", "azureIdentities", "azureCluster"],
  evaluate({ azureCreations, ...around }, target) {
    return planeIdentities(target).map(({ name }) => {
      const id = identityId(target, name);
      const made = azureCreations.find((one) => sameId(one.id, id));
      return made ? judge(made, around, target) : fail(id, "nothing is told of its making");
    });
  },
  sabotages: [
    {
      name: "somebody of the vendor's tenant made the first identity",
      apply: ({ azureCreations }) =>
        change(azureCreations.at(0), ({ by }) => {
          by.tenant = "44444444-4444-4444-8444-444444444444";
        }),
    },
    {
      name: "a guest in the customer's tenant made the last one",
      apply: ({ azureCreations }) =>
        change(azureCreations.at(-1), ({ by }) => {
          by.object = stranger;
          by.ownGroups = [];
        }),
    },
    {
      name: "the vendor's management identity made the last one",
      apply: ({ azureCreations, azureIdentities }, { management }) =>
        change(azureCreations.at(-1), ({ by }) => {
          by.object = management?.principalId ?? stranger;
          by.ownGroups = [];
          azureIdentities.push({
            id: "managers",
            clientId: "managers",
            principalId: by.object,
            credentials: [foreign],
          });
        }),
    },
    {
      name: "an identity of the customer's made the last one, which others' tokens become",
      apply: ({ azureCreations, azureIdentities }) =>
        change(azureCreations.at(-1), ({ by }) => {
          const last = azureIdentities.at(-1);
          if (!last) return;
          last.credentials.push(foreign);
          by.object = last.principalId;
          by.ownGroups = [];
        }),
    },
    {
      name: "the call for the first one failed",
      apply: ({ azureCreations }) =>
        change(azureCreations.at(0), (call) => {
          call.status = "Failed";
        }),
    },
    {
      name: "the call for the last one only changed what was there",
      apply: ({ azureCreations }) =>
        change(azureCreations.at(-1), (call) => {
          call.answer = "OK";
        }),
    },
    {
      name: "who made the last one is not told",
      apply: ({ azureCreations }) =>
        change(azureCreations.at(-1), ({ by }) => {
          by.object = "";
          by.ownGroups = [];
        }),
    },
    {
      name: "no call made the first one",
      apply({ azureCreations }) {
        for (const made of azureCreations.slice(0, 1)) made.calls = [];
      },
    },
    {
      name: "nothing is told of the last one",
      apply({ azureCreations }) {
        azureCreations.pop();
      },
    },
  ],
});

const foreign = {
  ...{ name: "ci", issuer: "https://tokens.elsewhere.test", subject: "repo:vendor" },
  audiences: ["api://AzureADTokenExchange"],
};

function judge(made: AzureCreationFact, around: Around, target: AzureTarget): Finding {
  const call = callThatMadeIdentity(made);
  if (!call) return fail(made.id, `none of ${made.calls.length} calls of its name made it`);
  const { by, at, eventId } = call;
  const reason = foreignness(by, around, target);
  return reason
    ? fail(made.id, `made at ${at} by ${reason}`)
    : pass(made.id, `made at ${at} by ${by.object} (${eventId})`);
}

/** Why it is none of the customer's alone. */
function foreignness({ tenant, object, ownGroups }: Call["by"], around: Around, target: AzureTarget) {
  const who = object || "somebody who is not told";
  if (!sameId(tenant, target.tenant)) return `${who} of tenant ${tenant || "(not told)"}, not ${target.tenant}`;
  if (target.management && sameId(object, target.management.principalId))
    return `${who}, the vendor's management identity`;
  const identity = around.azureIdentities.find(({ principalId }) => sameId(principalId, object));
  if (identity) {
    const guest = identity.credentials.find(({ issuer }) => issuer !== around.azureCluster.issuer);
    return (
      guest && `${identity.id}, which ${guest.subject ?? "whoever an expression names"} of ${guest.issuer} becomes`
    );
  }
  const isOwn = ownGroups.length > 0 || target.ownPrincipals.some((own) => sameId(own, object));
  return isOwn ? undefined : `${who}, whom nobody names as the customer's own`;
}

const change = changing(callThatMadeIdentity);
