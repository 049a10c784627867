/** Who can do what to data: every principal of an account against every store of it, with the way. */
import type { Context } from "./glob.ts";
import { type Reach, reachOf } from "./reach.ts";
import type { World } from "./world.ts";

export interface Store {
  /** What a reader calls it. */
  name: string;
  /** One object of it: what holds for this one holds for its kind. */
  resource: string;
  actions: readonly string[];
  context?: Context;
}

export interface Power extends Omit<Reach, "reached"> {
  principal: string;
  store: string;
  action: string;
  reached: "yes" | "possibly";
  /** By its own policies alone, without becoming somebody else. */
  direct: boolean;
}

/** The stores of one compute plane. */
export function storesOf(plane: {
  region: string;
  account: string;
  /** Keys begin with it: org, or org/project/domain. */
  prefix: string;
  buckets: readonly string[];
  secretPrefix: string;
  logGroup: string;
  repository: string;
}): Store[] {
  const own = `${plane.region}:${plane.account}`;
  return [
    ...plane.buckets.map((bucket) => ({
      name: `objects of ${bucket} under ${plane.prefix}/`,
      resource: `arn:aws:s3:::${bucket}/${plane.prefix}/object`,
      actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    })),
    ...plane.buckets.map((bucket) => ({
      name: `keys of ${bucket} under ${plane.prefix}/`,
      resource: `arn:aws:s3:::${bucket}`,
      actions: ["s3:ListBucket"],
      context: { "s3:prefix": [`${plane.prefix}/`] },
    })),
    {
      name: `secrets under ${plane.secretPrefix}/`,
      resource: `arn:aws:secretsmanager:${own}:secret:${plane.secretPrefix}/secret`,
      actions: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
    },
    {
      name: `logs of ${plane.logGroup}`,
      resource: `arn:aws:logs:${own}:log-group:${plane.logGroup}:log-stream:stream`,
      actions: ["logs:GetLogEvents", "logs:PutLogEvents"],
    },
    {
      name: `images of ${plane.repository}`,
      resource: `arn:aws:ecr:${own}:repository/${plane.repository}`,
      actions: ["ecr:BatchGetImage", "ecr:PutImage"],
    },
  ];
}

/** @returns one row for each principal, store and action that is reached; what is not in it is reached by nobody */
export function whoCan(world: World, stores: readonly Store[]): Power[] {
  return world.entities.flatMap(({ arn: principal }) => {
    const ask = reachOf(world, principal);
    return stores.flatMap(({ name, resource, actions, context }) =>
      actions.flatMap((action): Power[] => {
        const { reached, ...how } = ask({ action, resource, context });
        return reached === "no"
          ? []
          : [{ principal, store: name, action, reached, direct: how.path.length === 1, ...how }];
      }),
    );
  });
}
