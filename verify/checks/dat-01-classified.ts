import { secretPrefix } from "../../components/secrets/names.ts";
import { defineAwsJointCheck } from "../check.ts";
import {
  type Classified,
  columnClasses,
  placesOf,
  type StoreKind,
  storeClasses,
} from "../documented/classification.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { metadataTables } from "../reason/metadata.ts";
import type { Target } from "../target.ts";
import { strayOf, tellCut } from "./object-places.ts";

/** Whatever holds data, on both planes, against the one table of classes: what has no row is a finding. */
export const dataIsClassified = defineAwsJointCheck({
  id: "DAT-01",
  title: "Every column, bucket prefix and other store of both planes has a class, a place and a way to travel",
  severity: "medium",
  claims: ["data-classification-table"],
  documented: [],
  fix: "Name the data in verify/documented/classification.ts or verify/reason/metadata.ts, or remove it.",
  needs: ["regionTables", "buckets", "repositories", "stores"],
  evaluate: ({ regionTables, ...own }, { customer }) => [
    ...regionTables.map(judgeTable),
    ...judgeBuckets(own.buckets, customer),
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
      name: "a table that nobody classified stands last",
      apply({ regionTables }) {
        const last = regionTables.at(-1);
        if (last) regionTables.push({ ...structuredClone(last), name: "biplane.payloads" });
      },
    },
    {
      name: "an object lies under a prefix that nobody classified, in the second bucket",
      apply({ buckets }, { customer }) {
        buckets.find(({ name }) => name === customer.buckets.fastRegistration)?.places.told.push("debug/");
      },
    },
    {
      name: "the first bucket holds more than was looked at",
      apply({ buckets }) {
        const [first] = buckets;
        if (first) first.places.cut = true;
      },
    },
    {
      name: "a bucket of the plane is gone from the table's sight",
      apply(facts, { customer }) {
        facts.buckets = facts.buckets.filter(({ name }) => name !== customer.buckets.metadata);
      },
    },
    {
      name: "a log group of the plane has a purpose that nobody classified",
      apply({ stores }, { customer }) {
        const name = `/somewhere/${customer.org}/copies`;
        const arn = `arn:aws:logs:${customer.region}:${customer.account}:log-group:${name}:*`;
        stores.logGroups.push({ name, arn, destinations: [] });
      },
    },
  ],
});

export const tellClass = ({ class: kind, rests, travels }: Classified) =>
  `${kind}; rests in ${rests}; travels: ${travels}`;

export function judgeTable({ name, columns }: Facts["regionTables"][number]): Finding {
  const subject = `region: table ${name}`;
  const kinds = metadataTables[name];
  if (!kinds) return fail(subject, "no row names it");
  const stray = columns.find((column) => kinds[column.name] === undefined);
  if (stray) return fail(`${subject}, column ${stray.name}`, "no row names it");
  const classes = columns.flatMap((column) => {
    const [kind] = kinds[column.name] ?? [];
    return kind ? [columnClasses[kind].class] : [];
  });
  return pass(subject, `${columns.length} columns: ${[...new Set(classes)].join(", ")}`);
}

function judgeBuckets(buckets: Facts["buckets"], target: Target): Finding[] {
  const { buckets: names } = target;
  const prefixes = placesOf(target);
  return (["metadata", "fastRegistration"] as const).map((which) => {
    const bucket = buckets.find(({ name }) => name === names[which]);
    const subject = `bucket ${names[which]}`;
    if (!bucket) return fail(subject, "does not exist");
    const stray = strayOf(bucket.places, prefixes);
    if (stray !== undefined) return fail(`${subject}, ${stray}`, "its prefix has no class");
    if (bucket.places.cut) return fail(subject, tellCut(bucket.places));
    return pass(subject, `${prefixes.join(", ")}: ${tellClass(storeClasses[`${which}Bucket`])}`);
  });
}

/** Log groups of the plane by what their names begin with: the platform's, the network's flows, EKS's own. */
const logGroups = /^\/(biplane|aws\/eks)\//;

function judgeStores({ repositories, stores }: Pick<Facts, "repositories" | "stores">, target: Target): Finding[] {
  const { org, clusterName, repository } = target;
  const row = (kind: StoreKind, subject: string) => pass(subject, tellClass(storeClasses[kind]));
  return [
    ...repositories.filter(({ name }) => name === repository).map(({ arn }) => row("repository", arn)),
    ...stores.secrets.filter(({ name }) => name.startsWith(secretPrefix(org))).map(({ arn }) => row("secret", arn)),
    ...stores.logGroups
      .filter(({ name }) => name.includes(clusterName) || name.split("/").includes(org))
      .map(({ name, arn }) => (logGroups.test(name) ? row("logGroup", arn) : fail(arn, "no row names it"))),
  ];
}
