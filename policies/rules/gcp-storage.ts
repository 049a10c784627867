/** Buckets in Cloud Storage: private, sealed under a key of the customer's, versioned, not removed with what they hold. */
import { objectOf, objectsOf, textOf, textsOf } from "../inputs.ts";
import type { Rule } from "../rule.ts";

const bucket = "gcp:storage/bucket:Bucket";

export const googleBucketClosed: Rule = {
  name: "google-bucket-closed-to-the-public",
  controls: ["residency-data-in-dp-only", "enc-at-rest-object-store"],
  says: "A bucket's objects are reached by IAM alone, and never by the public.",
  types: [bucket],
  judge: ({ uniformBucketLevelAccess, publicAccessPrevention }) => [
    ...(uniformBucketLevelAccess === true ? [] : ["uniformBucketLevelAccess is not on"]),
    ...(publicAccessPrevention === "enforced" ? [] : ["publicAccessPrevention is not enforced"]),
  ],
};

export const googleBucketSealed: Rule = {
  name: "google-bucket-sealed",
  controls: ["enc-at-rest-object-store"],
  says: "A bucket's objects rest under a named key.",
  types: [bucket],
  judge: ({ encryption }) => (objectOf(encryption).defaultKmsKeyName ? [] : ["encryption names no key"]),
};

export const googleBucketKeeps: Rule = {
  name: "google-bucket-keeps-its-objects",
  controls: ["residency-data-in-dp-only"],
  says: "A bucket keeps replaced objects, and a protected one is not emptied by its deletion.",
  types: [bucket],
  judge: ({ forceDestroy, versioning }, { protect }) => [
    ...(objectOf(versioning).enabled === true ? [] : ["versioning is not on"]),
    ...(protect && forceDestroy === true ? ["forceDestroy would delete every object with the bucket"] : []),
  ],
};

export const googleBucketCors: Rule = {
  name: "google-bucket-cors-names-its-origins",
  controls: ["residency-data-in-dp-only"],
  says: "Browsers of named origins only may read a bucket, and none may write.",
  types: [bucket],
  judge: ({ cors }) =>
    objectsOf(cors).flatMap(({ origins, methods }) => [
      ...(textsOf(origins).includes("*") ? ["any origin is allowed"] : []),
      ...textsOf(methods)
        .filter((method) => method !== "GET" && method !== "HEAD")
        .map((method) => `${textOf(method)} is allowed`),
    ]),
};
