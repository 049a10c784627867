import { type Check, defineGoogleJointCheck } from "../check.ts";
import { placesOf, storeClasses } from "../documented/classification.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { GoogleTarget } from "../target.ts";
import { judgeTable, tellClass } from "./dat-01-classified.ts";
import { strayOf, tellCut } from "./object-places.ts";
import { ownRepository } from "./reg-21-google-repository.ts";
import { ownSecrets } from "./sec-23-google-sealed.ts";

type Own = Parameters<Check<"googleBuckets" | "googleRepositories" | "googleStores", GoogleTarget>["evaluate"]>[0];

/** Whatever holds data, on both planes, against the one table of classes: what has no row is a finding. */
export const googleDataIsClassified = defineGoogleJointCheck({
  id: "DAT-21",
  title: "Every column, bucket prefix and other store of both planes has a class, a place and a way to travel",
  severity: "medium",
  claims: ["data-classification-table"],
  documented: [],
  fix: "Name the data in verify/documented/classification.ts or verify/reason/metadata.ts, or remove it.",
  needs: ["regionTables", "googleBuckets", "googleRepositories", "googleStores"],
  evaluate: ({ regionTables, ...own }, { customer }) => [
    ...regionTables.map(judgeTable),
    ...judgeBuckets(own, customer),
    ...judgeStores(own, customer),
  ],
  sabotages: [
    {
      name: "the first table gains a column that nobody classified",
      apply({ regionTables }) {
        regionTables.at(0)?.columns.push({ name: "outputs", type: "jsonb", notNull: false });
      },
    },
    {
      name: "an object lies under a prefix that nobody classified, in the second bucket",
      apply({ googleBuckets }, { customer }) {
        googleBuckets.find(({ name }) => name === customer.buckets.fastRegistration)?.places.told.push("debug/");
      },
    },
    {
      name: "the first bucket holds more than was looked at",
      apply({ googleBuckets }) {
        const [first] = googleBuckets;
        if (first) first.places.cut = true;
      },
    },
    {
      name: "a bucket of the plane is gone from the table's sight",
      apply(facts, { customer }) {
        facts.googleBuckets = facts.googleBuckets.filter(({ name }) => name !== customer.buckets.metadata);
      },
    },
    {
      name: "a log bucket of the plane has a purpose that nobody classified",
      apply({ googleStores }, { customer }) {
        const name = `projects/${customer.project}/locations/${customer.region}/buckets/${customer.clusterName}-copies`;
        googleStores.logBuckets.push({ name, views: [] });
      },
    },
  ],
});

function judgeBuckets({ googleBuckets }: Own, target: GoogleTarget): Finding[] {
  const { buckets: names } = target;
  const prefixes = placesOf(target);
  return (["metadata", "fastRegistration"] as const).map((which) => {
    const bucket = googleBuckets.find(({ name }) => name === names[which]);
    const subject = `gs://${names[which]}`;
    if (!bucket) return fail(subject, "does not exist");
    const stray = strayOf(bucket.places, prefixes);
    if (stray !== undefined) return fail(`${subject}/${stray}`, "its prefix has no class");
    if (bucket.places.cut) return fail(subject, tellCut(bucket.places));
    return pass(subject, `${prefixes.join(", ")}: ${tellClass(storeClasses[`${which}Bucket`])}`);
  });
}

function judgeStores({ googleRepositories, googleStores }: Own, target: GoogleTarget): Finding[] {
  const repository = ownRepository(googleRepositories, target);
  const logs = target.logView?.replace(/\/views\/[^/]+$/, "");
  return [
    repository
      ? pass(repository.name, tellClass(storeClasses.repository))
      : fail(`repository ${target.repository}`, "does not exist"),
    ...ownSecrets(googleStores, target).map(({ name }) => pass(name, tellClass(storeClasses.secret))),
    // Of the plane by the cluster's name; those that each project has hold what the platform says of itself.
    ...googleStores.logBuckets
      .filter(({ name }) => name === logs || name.split("/").at(-1)?.startsWith(target.clusterName))
      .map(({ name }) =>
        name === logs ? pass(name, tellClass(storeClasses.logGroup)) : fail(name, "no row names it"),
      ),
  ];
}
