/** Keys, images, kept logs, and whose a resource is, in Google Cloud. */
import { objectOf, textOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

const day = 24 * 3600;

export const googleKeyRotates: Rule = {
  name: "google-key-rotates",
  controls: ["enc-at-rest-object-store"],
  says: "A key is made anew every year at least, and its destruction can be called back.",
  types: ["gcp:kms/cryptoKey:CryptoKey"],
  judge: ({ purpose = "ENCRYPT_DECRYPT", rotationPeriod, destroyScheduledDuration }) => [
    ...(purpose !== "ENCRYPT_DECRYPT" || secondsOf(rotationPeriod, Number.POSITIVE_INFINITY) <= 366 * day
      ? []
      : ["rotationPeriod is not set, or longer than a year"]),
    // Google's own default is 30 days.
    ...(secondsOf(destroyScheduledDuration, 30 * day) >= 7 * day ? [] : ["destroyed versions are gone within a week"]),
  ],
};

function secondsOf(duration: unknown, otherwise: number): number {
  const [, seconds] = /^(\d+)s$/.exec(textOf(duration)) ?? [];
  return seconds === undefined ? otherwise : Number(seconds);
}

export const googleImagesStay: Rule = {
  name: "google-images-stay-what-they-are",
  controls: ["image-tagging-customer-defined", "enc-at-rest-registry"],
  says: "A pushed tag never moves, and layers rest under a named key.",
  types: ["gcp:artifactregistry/repository:Repository"],
  judge: (inputs) => [
    ...(objectOf(inputs.dockerConfig).immutableTags === true ? [] : ["tags can be moved"]),
    ...("kmsKeyName" in inputs ? [] : ["kmsKeyName is not set"]),
  ],
};

export const googleLogsKept: Rule = {
  name: "google-logs-encrypted-and-kept",
  controls: ["cp-continuous-monitoring"],
  says: "A log bucket rests under a named key and says how long it keeps.",
  types: ["gcp:logging/projectBucketConfig:ProjectBucketConfig"],
  judge: ({ cmekSettings, retentionDays }) => [
    ...("kmsKeyName" in objectOf(cmekSettings) ? [] : ["cmekSettings names no key"]),
    ...(typeof retentionDays === "number" && retentionDays > 0 ? [] : ["retentionDays is not set"]),
  ],
};

const owner = ["biplane-managed-by", "biplane-plane", "biplane-cluster"];

export const googleOwnerIsLabelled: Rule = {
  name: "google-owner-is-labelled",
  controls: ["cp-infrastructure-as-code", "tenant-separate-iam-boundaries"],
  says: "What costs or holds something carries its owner's labels.",
  types: [
    "gcp:artifactregistry/repository:Repository",
    "gcp:container/cluster:Cluster",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:storage/bucket:Bucket",
  ],
  judge: ({ labels, resourceLabels }) =>
    owner
      .filter((key) => objectOf(resourceLabels ?? labels)[key] === undefined)
      .map((key) => `the label ${key} is missing`),
};
