import { diskClaim, storeName, storeNamespace } from "../../components/metrics-store/contract.ts";
import { sealedDisks } from "../../components/metrics-store/disks.ts";
import { defineClusterCheck } from "../check.ts";
import type { Facts, MetricsStoreFact } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { PlaneTarget } from "../target.ts";
import { isStore } from "./met-01-metrics-store.ts";

const claimSubject = `PersistentVolumeClaim/${storeNamespace}/${diskClaim}`;

/** Providers of nodes that are instances of a cloud. */
const instances = /^(aws|gce|azure):\/\//;

type DiskClass = MetricsStoreFact["classes"][number];
type Disk = MetricsStoreFact["volumes"][number];

/**
 * The disk is followed from the store to what made it: claim, volume, class. A class cannot be changed but can be made
 * anew, so a volume that is older than its class says nothing. A cluster of which no node is an instance of a cloud has
 * no such disks: nothing is inspected then.
 */
export const measuresOnSealedDisk = defineClusterCheck({
  id: "MET-02",
  title: "The disk of the metrics store is made by the cloud's own driver, under a key of the customer's",
  severity: "high",
  claims: ["enc-at-rest-metrics-store"],
  documented: [],
  fix: "Run `pulumi up` on the customer stack; a disk that rests under no key of yours is replaced by a new claim.",
  needs: ["nodes", "metricsStore"],
  notApplicable: ({ keepsMeasures }) =>
    keepsMeasures ? undefined : "no measures are kept: the stack has no setting metricsStore",
  evaluate({ nodes, metricsStore }, target): Finding[] {
    if (!nodes.some(({ spec }) => instances.test(spec?.providerID ?? ""))) return [];
    const subject = `StatefulSet/${storeNamespace}/${storeName}`;
    const store = metricsStore.servers.find(isStore);
    if (!store) return [fail(subject, "is not there")];
    if (store.dataClaim !== diskClaim) return [fail(subject, `keeps its data on ${store.dataClaim ?? "no claim"}`)];
    return [pass(subject, `keeps its data on ${diskClaim}`), judgeDisk(metricsStore, target)];
  },
  sabotages: [
    {
      name: "the class names no key",
      apply: (facts, { cloud }) => withKey(facts, cloud, undefined),
    },
    {
      name: "the class names a key of another's",
      apply: (facts, { cloud }) => withKey(facts, cloud, "arn:aws:kms:us-east-2:999999999999:key/1"),
    },
    {
      name: "another driver makes the class's disks",
      apply: ({ metricsStore }) => {
        for (const one of metricsStore.classes) one.provisioner = "rancher.io/local-path";
      },
    },
    {
      name: "the class was made anew, long after its disk",
      apply: ({ metricsStore }) => {
        for (const one of metricsStore.classes) one.madeAt = "2100-01-01T00:00:00.000Z";
      },
    },
    {
      name: "the class is gone",
      apply: ({ metricsStore }) => {
        metricsStore.classes = [];
      },
    },
    {
      name: "the disk is a folder of a node",
      apply: ({ metricsStore }) => {
        for (const one of metricsStore.volumes) delete one.driver;
      },
    },
    {
      name: "the disk is of another class",
      apply: ({ metricsStore }) => {
        for (const one of metricsStore.volumes) one.className = "standard";
      },
    },
    {
      name: "the claim is not bound",
      apply: ({ metricsStore }) => {
        for (const one of metricsStore.claims) one.phase = "Pending";
      },
    },
    {
      name: "the store writes to its pod's own folder",
      apply: ({ metricsStore }) => {
        for (const one of metricsStore.servers) delete one.dataClaim;
      },
    },
  ],
});

/** @param target its `metricsKey`, or else where a key of the customer's would be, is what the class must name */
export function judgeDisk({ claims, volumes, classes }: MetricsStoreFact, target: PlaneTarget): Finding {
  const claim = claims.find(({ name }) => name === diskClaim);
  if (claim?.phase !== "Bound") return fail(claimSubject, claim?.phase ?? "is not there");
  const found = classes.find(({ name }) => name === claim.className);
  if (!found) return fail(claimSubject, `its class ${claim.className} is not there`);
  const volume = volumes.find(({ name }) => name === claim.volume);
  const subject = `PersistentVolume/${claim.volume}`;
  if (!volume) return fail(subject, "is not there");
  const unlike = unlikeClass(found, target) ?? unlikeVolume(volume, found);
  if (unlike) return fail(subject, unlike);
  return pass(subject, `${volume.handle} by ${found.provisioner}, under ${keyOf(found, target)}`);
}

function unlikeClass(found: DiskClass, target: PlaneTarget): string | undefined {
  const { provisioner, others, keyParameter } = sealedDisks[target.cloud];
  if (found.provisioner !== provisioner) return `its class has its disks made by ${found.provisioner}`;
  const other = Object.entries(others).find(([name, value]) => found.parameters[name] !== value);
  if (other) return `its class says ${found.parameters[other[0]] ?? "nothing"} of ${other[0]}, not ${other[1]}`;
  const key = keyOf(found, target);
  if (!key) return `its class names no ${keyParameter}`;
  return isCustomers(key, target) ? undefined : `its class names ${key}, which is no key of the customer's`;
}

function unlikeVolume({ driver, className, madeAt }: Disk, found: DiskClass): string | undefined {
  if (driver !== found.provisioner) return `is made by ${driver ?? "no driver"}`;
  if (className !== found.name) return `is of class ${className}`;
  return madeAt !== "" && found.madeAt !== "" && madeAt >= found.madeAt
    ? undefined
    : "is older than its class, which says nothing of it then";
}

function keyOf({ parameters }: DiskClass, { cloud }: PlaneTarget): string | undefined {
  return parameters[sealedDisks[cloud].keyParameter];
}

/** In the customer's account, project or subscription, unless the target says which key it is. */
function isCustomers(key: string, target: PlaneTarget): boolean {
  if (target.metricsKey !== undefined) return key === target.metricsKey;
  if (target.cloud === "aws") return key.startsWith(`arn:aws:kms:${target.region}:${target.account}:key/`);
  if (target.cloud === "gcp") return new RegExp(`^projects/${target.project}/locations/[^/]+/keyRings/.`).test(key);
  const inSubscription = `/subscriptions/${target.subscription}/`.toLowerCase();
  return key.toLowerCase().startsWith(inSubscription) && /\/diskEncryptionSets\/./i.test(key);
}

function withKey({ metricsStore }: Pick<Facts, "metricsStore">, cloud: PlaneTarget["cloud"], key: string | undefined) {
  for (const { parameters } of metricsStore.classes) {
    delete parameters[sealedDisks[cloud].keyParameter];
    if (key !== undefined) parameters[sealedDisks[cloud].keyParameter] = key;
  }
  return undefined;
}
