import { defineGoogleCheck } from "../check.ts";
import { googlePlaneFacts, named } from "../reason/gcp/plane.ts";
import type { GoogleTarget } from "../target.ts";
import { type Asked, askAll, waysToData } from "./google-questions.ts";

/** In no group of the customer's: whom those hold is told by the customer's directory alone. */
const noGroups: readonly string[] = [];

/** Questions, not names: those IAM-26 and VND-21 look for. */
export const vendorReadsNothingInProject = defineGoogleCheck({
  id: "VND-22",
  title: "The vendor's people are refused every object, secret, image and log line in the customer's project",
  severity: "critical",
  claims: ["human-no-data-store-access", "human-logs-relay-only"],
  documented: [],
  fix: "Take the binding away that names the vendor, or everybody, or that gives its account more than its level.",
  needs: googlePlaneFacts,
  evaluate: (facts, target) => askAll(facts, questionsOf(target, facts.googleProject.number), noGroups),
  sabotages: [
    {
      name: "the last bucket lets everybody read",
      apply({ googleBuckets }) {
        googleBuckets.at(-1)?.bindings.push({ role: "roles/storage.legacyObjectReader", members: ["allUsers"] });
      },
    },
    {
      name: "whoever is signed in pulls images, until a day",
      apply({ googleRepositories }, { repository }) {
        const own = googleRepositories.find(({ name }) => name.endsWith(`/${repository}`));
        const condition = 'request.time < timestamp("2030-01-01T00:00:00Z")';
        own?.bindings.push({ role: "roles/artifactregistry.reader", members: ["allAuthenticatedUsers"], condition });
      },
    },
    {
      name: "the admin's account is refused its own objects, so that the questions tell nothing",
      apply({ googleBuckets }, { accounts, buckets }) {
        const own = googleBuckets.find(({ name }) => name === buckets.metadata);
        if (!own) return false;
        for (const binding of own.bindings)
          binding.members = binding.members.filter((one) => one !== `serviceAccount:${accounts.admin}`);
        return undefined;
      },
    },
  ],
});

function questionsOf(target: GoogleTarget, number: string): Asked[] {
  const { accounts, buckets, org } = target;
  const object = named.object(buckets.metadata, `${org}/object`);
  return [
    // One that must be let in by the same question: an evaluator that refuses everybody says nothing.
    {
      principal: `serviceAccount:${accounts.admin}`,
      permission: "storage.objects.get",
      resource: object,
      wanted: "allow",
    },
    ...peopleOf(target).flatMap((principal) =>
      waysToData(target, number).map((way): Asked => ({ ...way, principal, wanted: "deny" })),
    ),
  ];
}

/** Anybody of elsewhere, signed in or not, and the account that the vendor manages by. */
function peopleOf({ management }: GoogleTarget): string[] {
  return [
    "allUsers",
    "user:staff@vendor.example",
    "serviceAccount:operations@vendor-ops.iam.gserviceaccount.com",
    ...(management ? [`serviceAccount:${management.account}`] : []),
  ];
}
