import { projectNamespace } from "../../components/compute-plane/project-domain.ts";
import { taskLogFilter } from "../../components/logs/gcp-plan.ts";
import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { declaredProjects, type GoogleTarget } from "../target.ts";
import { ownRepository } from "./reg-21-google-repository.ts";
import { aSecret, ownSecrets } from "./sec-23-google-sealed.ts";

/** Every place where customer data rests or runs, and everything that sends it elsewhere. */
export const googleDataStaysInPlace = defineGoogleCheck({
  id: "RES-21",
  title:
    "Cluster, buckets, registry, secrets and logs lie in the customer's project and region, and nothing sends them on",
  severity: "critical",
  claims: ["residency-data-in-dp-only"],
  documented: [],
  fix: "Remove the sink or the foreign store; the customer stack makes each in one project and region.",
  needs: ["googleCluster", "googleProject", "googleBuckets", "googleRepositories", "googleStores"],
  evaluate(facts, target) {
    const { googleCluster, googleProject, googleBuckets, googleRepositories, googleStores } = facts;
    const repository = ownRepository(googleRepositories, target);
    return [
      inPlace(googleCluster.name, target),
      ...[target.buckets.metadata, target.buckets.fastRegistration].map((name): Finding => {
        const bucket = googleBuckets.find((one) => one.name === name);
        const subject = `gs://${name}`;
        if (!bucket) return fail(subject, "does not exist");
        if (bucket.projectNumber !== googleProject.number) return fail(subject, `of project ${bucket.projectNumber}`);
        if (bucket.location !== target.region.toUpperCase()) return fail(subject, `in ${bucket.location}`);
        return pass(subject, "own project and region");
      }),
      repository ? inPlace(repository.name, target) : fail(`repository ${target.repository}`, "does not exist"),
      ...ownSecrets(googleStores, target).map(({ name, replicas }): Finding => {
        const elsewhere = replicas.find(({ location }) => location !== target.region);
        if (replicas.length === 0) return fail(name, "rests wherever Google chooses");
        return elsewhere ? fail(name, `in ${elsewhere.location} too`) : pass(name, "in the region alone");
      }),
      ...judgeLogs(googleStores, target),
    ];
  },
  sabotages: [
    {
      name: "the second bucket belongs to somebody else",
      apply({ googleBuckets }, target) {
        const bucket = googleBuckets.find(({ name }) => name === target.buckets.fastRegistration);
        if (!bucket) return false;
        bucket.projectNumber = "999999999999";
        return undefined;
      },
    },
    {
      name: "the cluster stands in another region",
      apply({ googleCluster }) {
        googleCluster.name = googleCluster.name.replace(/locations\/[^/]+/, "locations/us-central1");
      },
    },
    {
      name: "a sink sends the project's logs to another project",
      apply({ googleStores }) {
        const destination = "pubsub.googleapis.com/projects/vendor/topics/logs";
        googleStores.sinks.push({ name: "copy", destination, filter: "", disabled: false });
      },
    },
    {
      name: "task pods' lines go to the default bucket too",
      apply({ googleStores }) {
        if (googleStores.exclusions.length === 0) return false;
        googleStores.exclusions = [];
        return undefined;
      },
    },
    {
      name: "the last project's lines are left out no more",
      apply({ googleStores }, target) {
        const last = declaredProjects(target).at(-1);
        if (!last) return false;
        for (const exclusion of googleStores.exclusions)
          exclusion.filter = exclusion.filter.replace(JSON.stringify(projectNamespace(last)), '"elsewhere"');
        return undefined;
      },
    },
    {
      name: "a secret is copied to another region",
      apply({ googleStores }, target) {
        googleStores.secrets.push(aSecret(target, [{ location: target.region }, { location: "us-central1" }]));
      },
    },
    {
      name: "a secret rests wherever Google chooses",
      apply({ googleStores }, target) {
        googleStores.secrets.unshift(aSecret(target, []));
      },
    },
  ],
});

/** @param name of what has project and place in it */
function inPlace(name: string, { project, region }: GoogleTarget): Finding {
  const [, owner = "", , place = ""] = name.split("/");
  if (owner !== project) return fail(name, `of project ${owner}`);
  return place === region ? pass(name, "own project and region") : fail(name, `in ${place}`);
}

/** Those of the project's audit are kept by Google, and hold nobody's data. */
const required = "_Required";
const toLogBucket = /^logging\.googleapis\.com\/(projects\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+)$/;

/** Whether it names lines of every task pod, as the kit words it, and nothing narrower. */
function leavesOut(filter: string, target: GoogleTarget): boolean {
  const { region, clusterName } = target;
  const [whole, namespaces] = filter.split(" AND resource.labels.namespace_name=");
  const wanted = taskLogFilter({ region, clusterName, projectNamespaces: [] });
  const named = new Set(namespaces?.slice(1, -1).split(" OR "));
  return (
    wanted === `${whole} AND resource.labels.namespace_name=()` &&
    declaredProjects(target).every((project) => named.has(JSON.stringify(projectNamespace(project))))
  );
}

/** Lines of task pods are customer data: where the plane keeps them nothing else may, and what goes elsewhere is told. */
function judgeLogs({ sinks, exclusions }: Facts["googleStores"], target: GoogleTarget): Finding[] {
  const kept = target.logView?.replace(/\/views\/[^/]+$/, "");
  const own = sinks.find(({ destination }) => kept !== undefined && destination.endsWith(`/${kept}`));
  const leftOut = exclusions.some(({ disabled, filter }) => !disabled && leavesOut(filter, target));
  return sinks
    .filter(({ disabled, name }) => !disabled && name !== required)
    .map((sink): Finding => {
      const subject = `sink ${sink.name}`;
      const [, bucket] = toLogBucket.exec(sink.destination) ?? [];
      if (bucket === undefined) return fail(subject, `sends logs to ${sink.destination}`);
      if (sink === own) return inPlace(bucket, target);
      const [, owner, , place] = bucket.split("/");
      if (owner !== target.project) return fail(subject, `sends logs to ${sink.destination}`);
      if (place === target.region) return pass(subject, `to ${bucket}`);
      return leftOut
        ? pass(subject, `to ${bucket}, without the lines of task pods`)
        : fail(subject, `keeps the lines of task pods in ${place}`);
    });
}
