/** Object stores: private, encrypted, versioned, by TLS only, and not removed with what they hold. */
import { objectOf, objectsOf, textOf } from "../inputs.ts";
import type { Rule, Seen, StackRule } from "../rule.ts";
import { statementsOf } from "../statements.ts";

const bucketType = "aws:s3/bucket:Bucket";

export const bucketKeepsItsObjects: Rule = {
  name: "bucket-keeps-its-objects",
  controls: ["residency-data-in-dp-only"],
  says: "A protected bucket is not emptied by its deletion.",
  types: [bucketType],
  judge: ({ forceDestroy }, { protect }) =>
    protect && forceDestroy === true ? ["forceDestroy would delete every object with the bucket"] : [],
};

export const bucketClosedToPublic: Rule = {
  name: "bucket-closed-to-the-public",
  controls: ["residency-data-in-dp-only", "enc-at-rest-object-store"],
  says: "All four switches against public access are on.",
  types: ["aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"],
  judge: (inputs) =>
    ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"]
      .filter((name) => inputs[name] !== true)
      .map((name) => `${name} is not on`),
};

export const bucketVersioned: Rule = {
  name: "bucket-versioned",
  controls: ["residency-data-in-dp-only"],
  says: "A bucket's versioning is on, so that an overwritten object can be had again.",
  types: ["aws:s3/bucketVersioning:BucketVersioning"],
  judge: ({ versioningConfiguration }) => {
    const { status } = objectOf(versioningConfiguration);
    return status === "Enabled" ? [] : [`versioning is ${textOf(status) || "not set"}`];
  },
};

export const bucketCorsNamesItsOrigins: Rule = {
  name: "bucket-cors-names-its-origins",
  controls: ["residency-data-in-dp-only"],
  says: "Browsers of named origins only may read a bucket.",
  types: ["aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"],
  judge: ({ corsRules }) =>
    objectsOf(corsRules).flatMap(({ allowedOrigins }) =>
      Array.isArray(allowedOrigins) && allowedOrigins.includes("*") ? ["any origin is allowed"] : [],
    ),
};

/** What must stand beside every bucket, by the type of what says it. */
const companions: Record<string, string> = {
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "blocks public access to it",
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "says how it is encrypted",
  "aws:s3/bucketVersioning:BucketVersioning": "keeps its versions",
};

export const bucketIsWhole: StackRule = {
  name: "bucket-is-whole",
  controls: ["enc-at-rest-object-store", "residency-data-in-dp-only", "comm-taskpod-object-store-tls"],
  says: "Beside every bucket stand its public access block, its encryption, its versioning and a policy that refuses plain HTTP.",
  judge(resources) {
    const beside = (bucket: Seen, type: string) =>
      resources.filter((other) => other.type === type && speaksOf(other, bucket));
    return resources
      .filter(({ type }) => type === bucketType)
      .flatMap((resource) => [
        ...Object.entries(companions)
          .filter(([type]) => beside(resource, type).length === 0)
          .map(([, words]) => ({ resource, words: `nothing ${words}` })),
        ...(beside(resource, "aws:s3/bucketPolicy:BucketPolicy").some(({ inputs }) => refusesPlainHttp(inputs.policy))
          ? []
          : [{ resource, words: "no policy refuses plain HTTP (aws:SecureTransport)" }]),
      ]);
  },
};

/** By the bucket's own name, or by the logical name where the cloud chooses the bucket's. */
function speaksOf({ name, inputs }: Seen, bucket: Seen): boolean {
  const named = textOf(inputs.bucket);
  const physical = textOf(bucket.inputs.bucket);
  return named !== "" ? named === physical || named === `${bucket.name}-id` : name === bucket.name;
}

function refusesPlainHttp(document: unknown): boolean {
  return (statementsOf(document) ?? []).some(
    ({ allows, actions, principals, conditions }) =>
      !allows &&
      actions.some((action) => action === "s3:*" || action === "*") &&
      principals.includes("*") &&
      conditions.some(({ key, values }) => key.toLowerCase() === "aws:securetransport" && values.includes("false")),
  );
}
