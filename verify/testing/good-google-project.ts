/** What a small plane's project tells, by the words of the kit's own components, so that it cannot be better than a real one. */

import { oldTls, transportConstraints } from "../../components/account/gcp-constraints.ts";
import { projectNamespace } from "../../components/compute-plane/project-domain.ts";
import {
  customRoleId,
  customRoles,
  objectsUnder,
  objectUser,
  podMember,
  secretsUnder,
  workloadIdentityUser,
} from "../../components/identity/gcp-roles.ts";
import { taskLogFilter } from "../../components/logs/gcp-plan.ts";
import { secretIdPrefix } from "../../components/secrets/names.ts";
import type { GoogleFactName } from "../collect/google/index.ts";
import { placesOf } from "../documented/classification.ts";
import type { Facts } from "../facts.ts";
import type { GoogleBinding } from "../facts-google.ts";
import { taskAccounts } from "../google-accounts.ts";
import { adminAccounts, declaredProjects, type GoogleTarget } from "../target.ts";

export const projectNumber = "123456789012";
const apiAddress = "10.40.0.2";

export function goodGoogleProject(target: GoogleTarget): Pick<Facts, GoogleFactName> {
  const { project, region, clusterName, namespace, org, accounts, buckets, repository, logView = "" } = target;
  const admin = `serviceAccount:${accounts.admin}`;
  const nodes = `serviceAccount:nodes@${project}.iam.gserviceaccount.com`;
  const role = (name: keyof typeof customRoles) => `projects/${project}/roles/${customRoleId(clusterName, name)}`;
  const key = (what: string) => `projects/${project}/locations/${region}/keyRings/${clusterName}/cryptoKeys/${what}`;
  const agent = (host: string) => `serviceAccount:service-${projectNumber}@${host}.iam.gserviceaccount.com`;
  const network = `projects/${project}/global/networks/${clusterName}`;
  const grant = (name: string, members: string[], condition?: string): GoogleBinding => ({
    ...{ role: name, members },
    ...(condition === undefined ? {} : { condition }),
  });
  const logBucket = logView.replace(/\/views\/.*$/, "");
  const projectNamespaces = declaredProjects(target).map(projectNamespace);
  const filter = taskLogFilter({ region, clusterName, projectNamespaces });
  const always = `projects/${project}/locations/global/buckets/_Default`;
  return {
    googleAccounts: [
      {
        email: accounts.admin,
        userKeys: [],
        bindings: [
          grant(
            workloadIdentityUser,
            adminAccounts(target).map((name) => podMember(project, namespace, name)),
          ),
          grant(role("signer"), [admin]),
        ],
      },
      ...taskAccounts(target).map(({ email, namespaces }) => ({
        ...{ email, userKeys: [] },
        bindings:
          namespaces.length > 0
            ? [
                grant(
                  workloadIdentityUser,
                  namespaces.map((space) => podMember(project, space, "default")),
                ),
              ]
            : [],
      })),
      { email: nodes.slice("serviceAccount:".length), userKeys: [], bindings: [] },
    ],
    googleCreations: [
      madeBy(accounts.admin, "101", { member: "user:ann@acme.test", through: [] }),
      madeBy(accounts.user, "102", {
        ...{ member: `serviceAccount:deployer@${project}.iam.gserviceaccount.com`, through: ["user:ann@acme.test"] },
        bindings: [grant("roles/iam.serviceAccountTokenCreator", ["group:platform@acme.test"])],
      }),
    ],
    googleProject: {
      ...{ id: project, number: projectNumber },
      policies: [
        {
          name: `projects/${project}`,
          parent: "organizations/42",
          bindings: [
            grant("roles/container.serviceAgent", [agent("container-engine-robot")]),
            grant("roles/container.defaultNodeServiceAccount", [nodes]),
            grant(role("secretMaker"), [admin]),
            grant(role("secretKeeper"), [admin], secretsUnder(projectNumber, secretIdPrefix(org)).expression),
          ],
        },
        {
          name: "organizations/42",
          bindings: [grant("roles/resourcemanager.organizationAdmin", ["user:root@acme.test"])],
        },
      ],
      denyPolicies: [],
    },
    googleConstraints: [
      { constraint: transportConstraints.plain, rules: [rule({ enforce: true })] },
      { constraint: transportConstraints.versions, rules: [rule({ denied: [...oldTls] })] },
    ],
    googleRoles: [
      ...(Object.keys(customRoles) as (keyof typeof customRoles)[]).map((name) => ({
        name: role(name),
        permissions: [...customRoles[name].permissions],
      })),
      {
        name: objectUser,
        permissions: [
          ...["resourcemanager.projects.get", "storage.objects.create", "storage.objects.delete"],
          ...["storage.objects.get", "storage.objects.list", "storage.multipartUploads.create"],
        ],
      },
      {
        name: workloadIdentityUser,
        permissions: ["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken"],
      },
      {
        name: "roles/storage.legacyBucketOwner",
        permissions: ["storage.buckets.setIamPolicy", "storage.objects.list"],
      },
      { name: "roles/storage.legacyObjectReader", permissions: ["storage.objects.get"] },
      { name: "roles/container.serviceAgent", permissions: ["compute.instances.create", "container.pods.exec"] },
      { name: "roles/container.defaultNodeServiceAccount", permissions: ["logging.logEntries.create"] },
      { name: "roles/resourcemanager.organizationAdmin", permissions: ["resourcemanager.projects.setIamPolicy"] },
      { name: "roles/artifactregistry.reader", permissions: ["artifactregistry.repositories.downloadArtifacts"] },
      { name: "roles/logging.viewAccessor", permissions: ["logging.views.access", "logging.views.listLogs"] },
      { name: "roles/cloudkms.cryptoKeyEncrypterDecrypter", permissions: ["cloudkms.cryptoKeyVersions.useToDecrypt"] },
    ],
    googleBuckets: [buckets.metadata, buckets.fastRegistration].map((name) => ({
      ...{ name, location: region.toUpperCase(), projectNumber, key: key("data"), uniformAccess: true },
      ...{ publicAccess: "enforced", versioned: true, corsOrigins: ["https://union.test"], corsMethods: ["GET"] },
      bindings: [
        grant("roles/storage.legacyBucketOwner", [`projectEditor:${project}`, `projectOwner:${project}`]),
        grant("roles/storage.legacyObjectReader", [`projectViewer:${project}`]),
        grant(objectUser, [admin]),
        ...taskAccounts(target).map(({ email, prefix }) =>
          grant(objectUser, [`serviceAccount:${email}`], objectsUnder(name, prefix).expression),
        ),
      ],
      places: { told: placesOf(target), cut: false },
    })),
    googleRepositories: [
      {
        name: `projects/${project}/locations/${region}/repositories/${repository}`,
        ...{ mode: "STANDARD_REPOSITORY", key: key("images"), immutableTags: true },
        ...{ scanning: "INHERITED", scanningState: "SCANNING_ACTIVE" },
        bindings: [grant("roles/artifactregistry.reader", [nodes])],
      },
    ],
    googleStores: {
      secrets: [
        {
          name: `projects/${projectNumber}/secrets/${secretIdPrefix(org)}demo_development_KEY`,
          labels: { "biplane-org": org },
          replicas: [{ location: region, key: key("secrets") }],
          bindings: [],
        },
      ],
      logBuckets: [
        { name: always, views: [{ name: `${always}/views/_AllLogs`, bindings: [] }] },
        {
          ...{ name: logBucket, key: key("logs") },
          views: [
            { name: `${logBucket}/views/_AllLogs`, bindings: [] },
            { name: logView, bindings: [grant("roles/logging.viewAccessor", [admin])] },
          ],
        },
      ],
      sinks: [
        { name: "_Default", destination: `logging.googleapis.com/${always}`, filter: "", disabled: false },
        { name: clusterName, destination: `logging.googleapis.com/${logBucket}`, filter, disabled: false },
      ],
      exclusions: [{ name: clusterName, filter, disabled: false }],
    },
    googleKeys: ["cluster", "data", "images", "logs", "secrets"].map((what) => ({
      ...{ name: key(what), state: "ENABLED", purpose: "ENCRYPT_DECRYPT", algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" },
      bindings: [grant("roles/cloudkms.cryptoKeyEncrypterDecrypter", [agent("gs-project-accounts")])],
    })),
    googleCluster: {
      ...{ name: `projects/${project}/locations/${region}/clusters/${clusterName}`, network },
      ...{ masterRange: "10.40.128.0/28", privateNodes: true, privateEndpoint: true, namedEndpointOpen: false },
      endpoints: [apiAddress],
      ...{ authorizedNetworks: [], secretsKey: key("cluster"), workloadPool: `${project}.svc.id.goog` },
      ...{ datapath: "ADVANCED_DATAPATH", nodeEncryption: "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT" },
      ...{ shieldedNodes: true, legacyAuthorization: false, logged: ["SYSTEM_COMPONENTS", "WORKLOADS"] },
      nodePools: [
        {
          ...{ name: "general", account: nodes.slice("serviceAccount:".length) },
          ...{ metadataMode: "GKE_METADATA", privateNodes: true },
        },
      ],
    },
    googleNetwork: {
      ...{ name: network, ranges: ["10.40.0.0/18", "10.64.0.0/15", "10.40.64.0/18"] },
      rules: [
        {
          ...{ name: `gke-${clusterName}-master`, enabled: true, direction: "INGRESS", allows: true },
          ...{ ports: ["tcp 10250,443"], sources: ["10.40.128.0/28"] },
        },
        {
          ...{ name: `${clusterName}-refuse`, enabled: true, direction: "INGRESS", allows: false },
          ...{ ports: ["all"], sources: ["0.0.0.0/0"] },
        },
      ],
      ...{ peerings: [], tunnels: [], attachments: [], openBalancers: [] },
      // As GKE makes it, for the API's own address.
      joins: [
        {
          ...{ name: `projects/${project}/regions/${region}/forwardingRules/gke-${clusterName}-pe`, kind: "endpoint" },
          ...{ to: `projects/gke-prod/regions/${region}/serviceAttachments/gke-${clusterName}`, address: apiAddress },
        },
      ],
      instances: [`${region}-a/${nodeName}`],
    },
  };
}

type Creation = Facts["googleCreations"][number];

function madeBy(email: string, uniqueId: string, by: Creation["calls"][number]["by"]): Creation {
  return { email, uniqueId, calls: [{ insertId: `i${uniqueId}`, at: "2026-05-01T00:00:00Z", madeId: uniqueId, by }] };
}

type Rule = Facts["googleConstraints"][number]["rules"][number];

const rule = (more: Partial<Rule>): Rule => ({ allowAll: false, denyAll: false, allowed: [], denied: [], ...more });

/** Of the one node. */
export const nodeName = "gke-main-a";
export const nodeProvider = ({ project, region }: GoogleTarget) => `gce://${project}/${region}-a/${nodeName}`;
