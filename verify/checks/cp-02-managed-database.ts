import type { V1Pod, V1Volume } from "@kubernetes/client-node";
import { defineRegionCheck } from "../check.ts";
import type { DatabaseFact } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { serviceEnvironment, servicePods } from "../reason/region.ts";

const engines = ["postgres", "aurora-postgresql"];
const host = "DATABASE_HOST";
/** Addresses of stores by their schemes; our own services name the one database by DATABASE_HOST. */
const otherStore = /^(postgres(ql)?|mysql|mariadb|redis(s)?|mongodb(\+srv)?|amqps?|nats|kafka|memcached|cassandra):/i;

export const oneManagedDatabase = defineRegionCheck({
  id: "CP-02",
  title: "The services keep what they know in one managed PostgreSQL, and on no volume of their own",
  severity: "high",
  claims: ["cp-rds-managed-postgres", "cp-metadata-in-managed-postgres"],
  documented: [],
  fix: "Point DATABASE_HOST of every service to the RDS instance, and take persistent volumes off their pods.",
  needs: ["regionDatabases", "regionPods"],
  evaluate({ regionDatabases, regionPods }, { namespace }) {
    const pods = servicePods(regionPods, namespace);
    const variables = serviceEnvironment(regionPods, namespace);
    return [
      ...regionDatabases.map((database, at) => judgeDatabase(database, at)),
      ...pods.map(judgeVolumes),
      ...variables.filter(({ name }) => name === host).map((variable) => judgeHost(variable, regionDatabases)),
      ...variables
        .filter(({ value }) => otherStore.test(value))
        .map(({ pod, name }) => fail(`${pod}#${name}`, "names a store of another kind")),
      ...(variables.some(({ name }) => name === host)
        ? []
        : [fail(`Namespace/${namespace}`, `no service has ${host}`)]),
    ];
  },
  sabotages: [
    {
      name: "a second database stands beside",
      apply({ regionDatabases }) {
        const [first] = regionDatabases;
        if (first) regionDatabases.push({ ...structuredClone(first), identifier: "shadow", address: "shadow.test" });
      },
    },
    {
      name: "the engine is another",
      apply({ regionDatabases }) {
        const last = regionDatabases.at(-1);
        if (last) last.engine = "mysql";
      },
    },
    {
      name: "the last service has its data elsewhere",
      apply({ regionPods }, { namespace }) {
        const last = serviceEnvironment(regionPods, namespace).findLast(({ name }) => name === host);
        if (!last) return false;
        last.set("postgres.elsewhere.test");
        return undefined;
      },
    },
    {
      name: "the last pod mounts a persistent volume",
      apply({ regionPods }, { namespace }) {
        const last = servicePods(regionPods, namespace).at(-1);
        last?.spec?.volumes?.push({ name: "data", persistentVolumeClaim: { claimName: "data" } });
      },
    },
    {
      name: "the first pod writes to its node's disk",
      apply({ regionPods }, { namespace }) {
        const first = servicePods(regionPods, namespace).at(0);
        first?.spec?.volumes?.push({ name: "host", hostPath: { path: "/var/data" } });
      },
    },
    {
      name: "the last pod is given a cache",
      apply({ regionPods }, { namespace }) {
        const last = servicePods(regionPods, namespace).at(-1);
        last?.spec?.containers.at(-1)?.env?.push({ name: "CACHE", value: "redis://cache.test:6379" });
      },
    },
  ],
});

function judgeDatabase({ arn, identifier, engine, engineVersion }: DatabaseFact, at: number): Finding {
  if (!engines.includes(engine)) return fail(arn, `the engine is ${engine}`);
  if (at > 0) return fail(arn, `${identifier} is a second database of the account`);
  return pass(arn, `${engine} ${engineVersion}, managed by RDS`);
}

/** What is mounted from the API, and memory, ends with the pod. Everything else may stay. */
function judgeVolumes({ metadata, spec }: V1Pod): Finding {
  const subject = `Pod/${metadata?.namespace}/${metadata?.name}`;
  const kept = (spec?.volumes ?? []).find((volume) => !isFleeting(volume));
  if (kept) return fail(subject, `the volume ${kept.name} outlives it or is shared: ${kindOf(kept)}`);
  return pass(subject, "nothing but files of the API and memory");
}

function isFleeting({ secret, configMap, downwardAPI, projected, emptyDir }: V1Volume): boolean {
  return Boolean(secret || configMap || downwardAPI || projected || emptyDir?.medium === "Memory");
}

function kindOf({ name: _, ...source }: V1Volume): string {
  return Object.keys(source).join(", ") || "of no kind";
}

function judgeHost({ pod, value }: { pod: string; value: string }, databases: DatabaseFact[]): Finding {
  const subject = `${pod}#${host}`;
  return databases.some(({ address }) => address === value)
    ? pass(subject, value)
    : fail(subject, `${value} is none of RDS's: ${databases.map(({ address }) => address).join(", ")}`);
}
