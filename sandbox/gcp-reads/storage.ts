import { projectNumber } from "../providers/gcp/rows.ts";
import { list, object } from "../providers/machine/reads.ts";
import type { Properties, Value } from "../providers/machine/values.ts";
import { entriesOf, given, page, type Route, text } from "./answer.ts";
import { policyOf } from "./policy.ts";

/** How buckets are set up; their objects are elsewhere. */
export const storageRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/storage\/v1\/b$/,
    answer: (_, query, from) => {
      const own = entriesOf(from, "gcp:storage/bucket:Bucket").filter(
        ([, { inputs }]) => inputs.project === query.get("project"),
      );
      const items = own.map(([, { inputs }]) => bucketAnswer(inputs));
      return { kind: "storage#buckets", ...page("items", items, query, "maxResults") };
    },
  },
  {
    method: "GET",
    path: /^\/storage\/v1\/b\/([^/]+)$/,
    answer: ([name], _, { kept }) => {
      const entry = kept[`b/${name}`];
      return entry && bucketAnswer(entry.inputs);
    },
  },
  {
    method: "GET",
    path: /^\/storage\/v1\/b\/([^/]+)\/iam$/,
    answer: ([name], _, from) => {
      const entry = from.kept[`b/${name}`];
      if (!entry) return undefined;
      const policy = policyOf(from, `b/${name}`, bornWith(text(entry.inputs.project)));
      return { kind: "storage#policy", resourceId: `projects/_/buckets/${name}`, ...policy };
    },
  },
];

function bornWith(project: string) {
  const editors = [`projectEditor:${project}`, `projectOwner:${project}`];
  const viewers = [`projectViewer:${project}`];
  return [
    { role: "roles/storage.legacyBucketOwner", members: editors },
    { role: "roles/storage.legacyBucketReader", members: viewers },
    { role: "roles/storage.legacyObjectOwner", members: editors },
    { role: "roles/storage.legacyObjectReader", members: viewers },
  ];
}

export function bucketAnswer(inputs: Properties): object {
  const { name, location, storageClass, labels, versioning, encryption, cors, lifecycleRules, softDeletePolicy } =
    inputs;
  const rules = list(lifecycleRules);
  return given({
    ...{ kind: "storage#bucket", id: name, name, projectNumber, location: text(location).toUpperCase() },
    ...{ locationType: "region", storageClass, labels, versioning },
    encryption: encryption && { defaultKmsKeyName: object(encryption).defaultKmsKeyName },
    iamConfiguration: {
      uniformBucketLevelAccess: { enabled: inputs.uniformBucketLevelAccess ?? false },
      publicAccessPrevention: inputs.publicAccessPrevention ?? "inherited",
    },
    cors: cors && list(cors).map(corsAnswer),
    lifecycle: rules.length > 0 ? { rule: rules.map(ruleAnswer) } : undefined,
    softDeletePolicy: softDeletePolicy && {
      retentionDurationSeconds: text(object(softDeletePolicy).retentionDurationSeconds),
    },
  });
}

function corsAnswer(rule: Value): object {
  const { origins, methods, responseHeaders, maxAgeSeconds } = object(rule);
  return given({ origin: origins, method: methods, responseHeader: responseHeaders, maxAgeSeconds });
}

function ruleAnswer(rule: Value): object {
  const { action, condition } = object(rule);
  const { withState, matchesPrefixes, matchesSuffixes, ...others } = object(condition);
  const isLive = withState === "LIVE" ? true : withState === "ARCHIVED" ? false : undefined;
  return {
    action,
    condition: given({ ...others, isLive, matchesPrefix: matchesPrefixes, matchesSuffix: matchesSuffixes }),
  };
}
