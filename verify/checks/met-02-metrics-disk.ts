import type {
  KubernetesObject,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from "@kubernetes/client-node";
import { diskClaim, storeNamespace } from "../../components/metrics-store/contract.ts";
import { sealedDisks } from "../../components/metrics-store/disks.ts";
import { defineClusterCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { PlaneTarget } from "../target.ts";
import { isStore } from "./met-01-metrics-store.ts";

const claimSubject = `PersistentVolumeClaim/${storeNamespace}/${diskClaim}`;

/** Providers of nodes that are instances of a cloud. */
const instances = /^(aws|gce|azure):\/\//;

type DiskFacts = Pick<Facts, "storageClasses" | "volumes" | "volumeClaims">;

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
  needs: ["nodes", "statefulSets", "storageClasses", "volumes", "volumeClaims"],
  notApplicable: ({ keepsMeasures }) =>
    keepsMeasures ? undefined : "no measures are kept: the stack has no setting metricsStore",
  evaluate({ nodes, statefulSets, ...facts }, target): Finding[] {
    if (!nodes.some(({ spec }) => instances.test(spec?.providerID ?? ""))) return [];
    const store = statefulSets.find(isStore);
    const claims = store?.spec?.template.spec?.volumes?.flatMap(
      ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [],
    );
    const subject = `StatefulSet/${storeNamespace}/${store?.metadata?.name ?? "metrics-store"}`;
    if (claims?.join() !== diskClaim) return [fail(subject, `writes to ${claims?.join() || "no claim"}`)];
    return [pass(subject, `writes to ${diskClaim}`), judgeDisk(facts, target)];
  },
  sabotages: [
    {
      name: "the class names no key",
      apply: (facts, { cloud }) =>
        changeClass(facts, ({ parameters = {} }) => delete parameters[sealedDisks[cloud].keyParameter]),
    },
    {
      name: "the class names a key of another account",
      apply: (facts, { cloud }) =>
        changeClass(facts, ({ parameters = {} }) => {
          parameters[sealedDisks[cloud].keyParameter] = "arn:aws:kms:us-east-2:999999999999:key/1";
        }),
    },
    {
      name: "another driver makes the class's disks",
      apply: (facts) =>
        changeClass(facts, (one) => {
          one.provisioner = "rancher.io/local-path";
        }),
    },
    {
      name: "the class was made anew, long after its disk",
      apply: (facts) =>
        changeClass(facts, ({ metadata }) => {
          if (metadata) metadata.creationTimestamp = new Date("2100-01-01");
        }),
    },
    {
      name: "the disk is a folder of a node",
      apply({ volumes }) {
        for (const { spec } of volumes) if (spec) Object.assign(spec, { csi: undefined, hostPath: { path: "/data" } });
      },
    },
    {
      name: "the disk is of another class",
      apply({ volumes }) {
        for (const { spec } of volumes) if (spec) spec.storageClassName = "standard";
      },
    },
    {
      name: "the claim is not bound",
      apply({ volumeClaims }) {
        for (const { status } of volumeClaims) if (status) status.phase = "Pending";
      },
    },
    {
      name: "the store writes to its pod's own folder",
      apply({ statefulSets }) {
        const pod = statefulSets.find(isStore)?.spec?.template.spec;
        if (!pod) return false;
        pod.volumes = [{ name: "data", emptyDir: {} }];
        return undefined;
      },
    },
  ],
});

function judgeDisk({ storageClasses, volumes, volumeClaims }: DiskFacts, target: PlaneTarget): Finding {
  const claim = volumeClaims.find(isClaim);
  if (claim?.status?.phase !== "Bound") return fail(claimSubject, claim?.status?.phase ?? "is not there");
  const { storageClassName, volumeName } = claim.spec ?? {};
  const found = storageClasses.find(({ metadata }) => metadata?.name === storageClassName);
  if (!found) return fail(claimSubject, `its class ${storageClassName} is not there`);
  const volume = volumes.find(({ metadata }) => metadata?.name === volumeName);
  const unlike = unlikeClass(found, target) ?? unlikeVolume(volume, found);
  const subject = `PersistentVolume/${volumeName}`;
  if (unlike) return fail(subject, unlike);
  return pass(subject, `${volume?.spec?.csi?.volumeHandle} by ${found.provisioner}, under ${keyOf(found, target)}`);
}

function isClaim({ metadata }: V1PersistentVolumeClaim): boolean {
  return metadata?.namespace === storeNamespace && metadata.name === diskClaim;
}

function unlikeClass(found: V1StorageClass, target: PlaneTarget): string | undefined {
  const { provisioner, others, keyParameter } = sealedDisks[target.cloud];
  if (found.provisioner !== provisioner) return `its class has its disks made by ${found.provisioner}`;
  const other = Object.entries(others).find(([name, value]) => found.parameters?.[name] !== value);
  if (other) return `its class says ${found.parameters?.[other[0]] ?? "nothing"} of ${other[0]}, not ${other[1]}`;
  const key = keyOf(found, target);
  if (!key) return `its class names no ${keyParameter}`;
  return keyPattern(target).test(key) ? undefined : `its class names ${key}, which is no key of the customer's`;
}

function unlikeVolume(volume: V1PersistentVolume | undefined, found: V1StorageClass): string | undefined {
  const { csi, storageClassName } = volume?.spec ?? {};
  if (!volume) return "is not there";
  if (csi?.driver !== found.provisioner) return `is made by ${csi?.driver ?? "no driver"}`;
  if (storageClassName !== found.metadata?.name) return `is of class ${storageClassName}`;
  return madeAt(volume) >= madeAt(found) ? undefined : "is older than its class, which says nothing of it then";
}

/** In a recording it is text. */
function madeAt({ metadata }: KubernetesObject): number {
  return new Date(metadata?.creationTimestamp ?? Number.NaN).getTime();
}

function keyOf({ parameters }: V1StorageClass, { cloud }: PlaneTarget): string | undefined {
  return parameters?.[sealedDisks[cloud].keyParameter];
}

/** Where a key of the customer's is: their account, project or subscription. */
function keyPattern(target: PlaneTarget): RegExp {
  if (target.cloud === "aws") return new RegExp(`^arn:[a-z-]+:kms:${target.region}:${target.account}:key/.`);
  if (target.cloud === "gcp") return new RegExp(`^projects/${target.project}/locations/[^/]+/keyRings/.`);
  return new RegExp(`^/subscriptions/${target.subscription}/.*/diskEncryptionSets/.`, "i");
}

function changeClass({ storageClasses }: DiskFacts, change: (found: V1StorageClass) => unknown): undefined {
  for (const one of storageClasses) change(one);
}
