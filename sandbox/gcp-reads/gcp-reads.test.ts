import { describe, expect, it } from "vitest";
import type { KeptProject } from "./answer.ts";
import { answerRead } from "./index.ts";
import { smallProject, smallSecret } from "./testing/small-project.ts";

const project: KeptProject = { kept: smallProject(), secrets: [smallSecret] };
const get = (url: string, from = project) => answerRead({ method: "GET", url }, from);
const post = (url: string) => answerRead({ method: "POST", url }, project);
const key = "projects/acme-data/locations/europe-west4/keyRings/main/cryptoKeys/data";
const link = (path: string) => `https://www.googleapis.com/compute/v1/projects/acme-data/${path}`;
const granted = {
  role: "roles/storage.objectUser",
  members: ["user:ops@acme.test"],
  condition: { title: "own", expression: 'resource.name.startsWith("x")' },
};

describe("a kept resource, in the words of Google's REST API", () => {
  it.each<[string, string, object]>([
    [
      "a service account",
      "/v1/projects/acme-data/serviceAccounts?pageSize=100",
      { accounts: [{ email: "admin@acme-data.iam.gserviceaccount.com", projectId: "acme-data" }] },
    ],
    [
      "a custom role",
      "/v1/projects/acme-data/roles/main_signer",
      { name: "projects/acme-data/roles/main_signer", includedPermissions: ["iam.serviceAccounts.signBlob"] },
    ],
    [
      "a policy of the organisation, as it comes to in the project",
      "/v2/projects/acme-data/policies/storage.secureHttpTransport:getEffectivePolicy",
      { name: "projects/123456789012/policies/storage.secureHttpTransport", spec: { rules: [{ enforce: true }] } },
    ],
    [
      "one that nobody set",
      "/v2/projects/acme-data/policies/gcp.restrictTLSVersion:getEffectivePolicy",
      { spec: { rules: [{ allowAll: true }] } },
    ],
    [
      "a bucket",
      "/storage/v1/b/acme-metadata",
      {
        ...{ location: "EUROPE-WEST4", projectNumber: "123456789012", encryption: { defaultKmsKeyName: key } },
        iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: "enforced" },
        ...{ versioning: { enabled: true }, softDeletePolicy: { retentionDurationSeconds: "604800" } },
        lifecycle: {
          rule: [
            {
              action: { type: "Delete" },
              condition: { matchesPrefix: ["acme/"], isLive: false, daysSinceNoncurrentTime: 30 },
            },
          ],
        },
        cors: [{ origin: ["https://union.test"], method: ["GET"], responseHeader: ["ETag"], maxAgeSeconds: 3600 }],
      },
    ],
    [
      "a repository",
      "/v1/projects/acme-data/locations/europe-west4/repositories",
      {
        repositories: [
          {
            ...{ kmsKeyName: key, dockerConfig: { immutableTags: true } },
            vulnerabilityScanningConfig: { enablementConfig: "INHERITED", enablementState: "SCANNING_DISABLED" },
            cleanupPolicies: { untagged: { action: "DELETE" } },
          },
        ],
      },
    ],
    ["a key", `/v1/${key}`, { purpose: "ENCRYPT_DECRYPT", primary: { state: "ENABLED" } }],
    ["a secret", "/v1/projects/acme-data/secrets", { secrets: [smallSecret] }],
    [
      "a network",
      "/compute/v1/projects/acme-data/global/networks/main",
      { selfLink: link("global/networks/main"), routingConfig: { routingMode: "REGIONAL" } },
    ],
    [
      "a subnet",
      "/compute/v1/projects/acme-data/aggregated/subnetworks",
      {
        items: {
          "regions/europe-west4": {
            subnetworks: [
              {
                ...{ network: link("global/networks/main"), ipCidrRange: "10.40.0.0/18" },
                secondaryIpRanges: [{ rangeName: "gke-pods", ipCidrRange: "10.64.0.0/15" }],
              },
            ],
          },
          global: { warning: { code: "NO_RESULTS_ON_PAGE" } },
        },
      },
    ],
    [
      "a firewall rule",
      "/compute/v1/projects/acme-data/regions/europe-west4/firewallPolicies/getEffectiveFirewalls?network=projects/acme-data/global/networks/main",
      {
        firewalls: [
          {
            ...{ direction: "INGRESS", disabled: false, denied: [{ IPProtocol: "all" }], sourceRanges: ["0.0.0.0/0"] },
            logConfig: { enable: true, metadata: "INCLUDE_ALL_METADATA" },
          },
        ],
      },
    ],
    [
      "a service attachment",
      "/compute/v1/projects/acme-data/regions/europe-west4/serviceAttachments",
      {
        items: [
          {
            ...{
              connectionPreference: "ACCEPT_MANUAL",
              targetService: link("regions/europe-west4/forwardingRules/api"),
            },
            consumerAcceptLists: [{ projectIdOrNum: "vendor-ops", connectionLimit: 4 }],
            connectedEndpoints: [],
          },
        ],
      },
    ],
    [
      "a cluster with its pool",
      "/v1/projects/acme-data/locations/europe-west4/clusters/main",
      {
        ...{
          network: "main",
          networkConfig: {
            datapathProvider: "ADVANCED_DATAPATH",
            inTransitEncryptionConfig: "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT",
          },
          shieldedNodes: { enabled: true },
        },
        ...{ legacyAbac: {}, databaseEncryption: { state: "ENCRYPTED", keyName: key } },
        masterAuthorizedNetworksConfig: { enabled: true, cidrBlocks: [{ cidrBlock: "10.0.0.0/8" }] },
        privateClusterConfig: { enablePrivateNodes: true, enablePrivateEndpoint: true },
        loggingConfig: { componentConfig: { enableComponents: ["SYSTEM_COMPONENTS"] } },
        nodePools: [
          {
            ...{ name: "general", networkConfig: { enablePrivateNodes: true } },
            config: { workloadMetadataConfig: { mode: "GKE_METADATA" } },
            autoscaling: { enabled: true, minNodeCount: 1, maxNodeCount: 5 },
          },
        ],
      },
    ],
    [
      "a log bucket, beside those that each project has",
      "/v2/projects/acme-data/locations/-/buckets",
      {
        buckets: [
          { name: "projects/acme-data/locations/global/buckets/_Required" },
          { name: "projects/acme-data/locations/global/buckets/_Default" },
          { retentionDays: 30, cmekSettings: { kmsKeyName: key } },
        ],
      },
    ],
    [
      "a sink, beside those that each project has",
      "/v2/projects/acme-data/sinks",
      { sinks: [{ name: "_Required" }, { name: "_Default" }, { name: "main-logs", filter: "x" }] },
    ],
    ["an exclusion", "/v2/projects/acme-data/exclusions", { exclusions: [{ name: "main-logs", filter: "x" }] }],
  ])("is answered for %s", (_, url, body) => {
    expect(get(url)).toMatchObject({ status: 200, body });
  });

  it.each([
    "/v3/projects/acme-data:getIamPolicy",
    "/v1/projects/acme-data/serviceAccounts/admin%40acme-data.iam.gserviceaccount.com:getIamPolicy",
    "/v2/projects/acme-data/locations/europe-west4/buckets/main-logs/views/main-logs:getIamPolicy",
  ])("has its policy, conditions and all: %s", (url) => {
    expect(post(url).body).toMatchObject({ version: 3, bindings: [granted] });
  });

  it("has on a bucket what every bucket grants from its birth too", () => {
    const { body } = get("/storage/v1/b/acme-metadata/iam?optionsRequestedPolicyVersion=3");
    expect(body).toMatchObject({ bindings: expect.arrayContaining([granted]) });
    expect(JSON.stringify(body)).toContain("projectViewer:acme-data");
  });
});

describe("a list", () => {
  const accounts = Object.fromEntries(
    [1, 2, 3, 4, 5].map((at) => [
      `projects/acme-data/serviceAccounts/${at}@x`,
      { type: "gcp:serviceaccount/account:Account", inputs: {}, outputs: { email: `${at}@x` } },
    ]),
  );

  it("comes by pages of the size that is asked for, to its end", () => {
    const seen: string[] = [];
    for (let token = "", pages = 0; pages < 5; pages++) {
      const { body } = get(`/v1/projects/acme-data/serviceAccounts?pageSize=2&pageToken=${token}`, { kept: accounts });
      const { accounts: found = [], nextPageToken = "" } = body as {
        accounts?: { email: string }[];
        nextPageToken?: string;
      };
      seen.push(...found.map(({ email }) => email));
      token = nextPageToken;
      if (token === "") break;
    }
    expect(seen).toEqual(["1@x", "2@x", "3@x", "4@x", "5@x"]);
  });
});

describe("what is not kept", () => {
  it.each([
    ["GET", "/storage/v1/b/another"],
    ["GET", "/v1/roles/nobody.knows"],
    ["GET", "/v3/projects/another"],
    ["POST", "/v1/projects/acme-data/serviceAccounts/nobody@x:getIamPolicy"],
    ["GET", "/compute/v1/projects/acme-data/aggregated/disks"],
    ["DELETE", "/storage/v1/b/acme-metadata"],
    ["GET", "/v1/projects/acme-data/secrets/x/versions/latest:access"],
  ])("is not found, in Google's words: %s %s", (method, url) => {
    const { status, body } = answerRead({ method, url }, project);
    expect([status, body]).toMatchObject([404, { error: { code: 404, status: "NOT_FOUND" } }]);
  });
});
