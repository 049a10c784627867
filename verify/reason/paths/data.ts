/** Can anybody of the control plane or the vendor reach a customer's bucket: each principal, each action, with the way. */
import type { Facts } from "../../facts.ts";
import type { Target } from "../../target.ts";
import type { PlaneFacts } from "../iam/plane-world.ts";
import { planeStores, planeWorld, stranger } from "../iam/plane-world.ts";
import { type Reach, reachOf } from "../iam/reach.ts";
import { grants } from "../iam-policy.ts";

export interface BucketWay extends Reach {
  principal: string;
  store: string;
  action: string;
}

/**
 * Each principal is taken to hold every right in its own account, so that only what the customer's account lets in counts;
 * those whom the management role trusts carry its ExternalId.
 * @param regionIam the region's account; absent: only a stranger and whom the management role trusts
 */
export function waysToBuckets(facts: PlaneFacts & Partial<Pick<Facts, "regionIam">>, target: Target): BucketWay[] {
  const trust = facts.iam.roles.find(({ arn }) => arn === target.management?.roleArn)?.trust;
  const statements = grants(trust ? [trust] : []);
  const vendors = statements.flatMap(({ principals }) => principals).map((name) => name.replace(/^AWS:/, ""));
  const ids = statements.flatMap(({ conditions }) => conditions.StringEquals?.["sts:externalid"] ?? []);
  const names = [...(facts.regionIam?.roles ?? []).map(({ arn }) => arn), ...vendors, stranger.arn];
  const guests = [...new Set(names)].map((arn) => ({ ...stranger, arn }));
  const world = { ...planeWorld(facts, guests), carries: { "sts:externalid": ids.slice(0, 1) } };
  const buckets = planeStores(target).filter(({ resource }) => resource.startsWith("arn:aws:s3:"));
  return guests.flatMap(({ arn }) => {
    const ask = reachOf(world, arn);
    return buckets.flatMap(({ name, resource, actions, context }) =>
      actions.map((action) => {
        const found = ask({ action, resource, ...(context ? { context } : {}) });
        return { principal: arn, store: name, action, ...found };
      }),
    );
  });
}
