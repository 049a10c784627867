/** Images, keys, secrets and logs. */
import type { Entry } from "../providers/machine/kept.ts";
import { list, object } from "../providers/machine/reads.ts";
import { entriesOf, given, type KeptProject, page, type Route, text } from "./answer.ts";
import { policyOf } from "./policy.ts";

const repositories = "gcp:artifactregistry/repository:Repository";
const key = `(projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/:]+)`;

export const storesRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/v1\/(projects\/[^/]+\/locations\/[^/]+\/repositories)$/,
    answer: ([parent], query, from) => {
      const own = entriesOf(from, repositories).filter(([path]) => path.startsWith(`${parent}/`));
      return page(
        "repositories",
        own.map((one) => repositoryAnswer(...one, from)),
        query,
      );
    },
  },
  {
    method: "GET",
    path: /^\/v1\/(projects\/[^/]+\/locations\/[^/]+\/repositories\/[^/:]+):getIamPolicy$/,
    answer: ([path = ""], _, from) => (from.kept[path] ? policyOf(from, path) : undefined),
  },
  {
    method: "GET",
    path: new RegExp(`^/v1/${key}$`),
    answer: ([path = ""], _, { kept }) => {
      const entry = kept[path];
      return entry && keyAnswer(path, entry);
    },
  },
  {
    method: "GET",
    path: new RegExp(`^/v1/${key}:getIamPolicy$`),
    answer: ([path = ""], _, from) => (from.kept[path] ? policyOf(from, path) : undefined),
  },
  {
    method: "GET",
    path: /^\/v1\/projects\/[^/]+\/secrets$/,
    answer: (_, query, { secrets = [] }) => page("secrets", secrets, query),
  },
  {
    method: "GET",
    path: /^\/v1\/(projects\/[^/]+\/secrets\/[^/:]+):getIamPolicy$/,
    answer: ([path = ""], _, from) =>
      from.secrets?.some(({ name }) => name === path) ? policyOf(from, path) : undefined,
  },
];

export function repositoryAnswer(name: string, { inputs }: Entry, { kept }: KeptProject): object {
  const { format, mode, description, labels, kmsKeyName, dockerConfig, cleanupPolicies, cleanupPolicyDryRun } = inputs;
  const { enablementConfig = "INHERITED" } = object(inputs.vulnerabilityScanningConfig);
  const scans = Object.keys(kept).some((path) => path.endsWith("/services/containerscanning.googleapis.com"));
  return given({
    ...{ name, format, mode, description, labels, kmsKeyName, dockerConfig, cleanupPolicyDryRun },
    cleanupPolicies:
      cleanupPolicies && Object.fromEntries(list(cleanupPolicies).map((one) => [text(object(one).id), one])),
    vulnerabilityScanningConfig: {
      enablementConfig,
      enablementState: scans && enablementConfig === "INHERITED" ? "SCANNING_ACTIVE" : "SCANNING_DISABLED",
    },
  });
}

/** Of one whose versions were destroyed no version seals any more. */
export function keyAnswer(name: string, { inputs, destroyed }: Entry): object {
  const { purpose, rotationPeriod, destroyScheduledDuration, labels } = inputs;
  const algorithm = "GOOGLE_SYMMETRIC_ENCRYPTION";
  const primary = { name: `${name}/cryptoKeyVersions/1`, state: "ENABLED", protectionLevel: "SOFTWARE", algorithm };
  return given({
    ...{ name, purpose, rotationPeriod, destroyScheduledDuration, labels },
    primary: destroyed ? undefined : primary,
    versionTemplate: { protectionLevel: "SOFTWARE", algorithm },
  });
}
