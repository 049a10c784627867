/** A small plane on which every check passes: what the tests break. */

import { renderBucketPolicy } from "../../components/buckets/policy.ts";
import { projectNamespace } from "../../components/compute-plane/project-domain.ts";
import {
  renderAdminPolicy,
  renderSessionTrust,
  renderTrust,
  renderUserPolicy,
} from "../../components/identity/aws-policies.ts";
import { taskServiceAccount } from "../../components/identity/contract.ts";
import { shipperNamespace } from "../../components/logs/contract.ts";
import { secretPrefix } from "../../components/secrets/names.ts";
import { type Question, questionsTo } from "../collect/access-reviews.ts";
import type { AzureFactName } from "../collect/azure/index.ts";
import type { GoogleFactName } from "../collect/google/index.ts";
import { placesOf } from "../documented/classification.ts";
import type { Collected, FactName, Facts } from "../facts.ts";
import type { AccessReview } from "../facts-account.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import { allows, grantsByAccount, type RbacFacts } from "../reason/rbac/grants.ts";
import { adminAccounts, declaredProjects, type Target, type Targets, targetSchema } from "../target.ts";
import { goodAccount, goodPrincipals, keyArn } from "./good-account.ts";
import { account, goodCluster, registry, releasedDigest, roleArn } from "./good-cluster.ts";
import { goodProbes } from "./good-probes.ts";
import { goodControlPlane, goodRegionFacts } from "./good-region.ts";
import { kept } from "./kept.ts";

const issuer = "https://oidc.example.test";
const provider = `arn:aws:iam::${account}:oidc-provider/oidc.example.test`;

export const goodTarget: Target = targetSchema.parse({
  org: "acme",
  model: "self-managed",
  cloud: "aws",
  account,
  region: "us-east-2",
  clusterName: "acme-local",
  projects: [{ project: "demo", domain: "development" }],
  buckets: { metadata: "acme-metadata", fastRegistration: "acme-fast-reg" },
  repository: "acme/images",
  registryHosts: [registry],
  releasedDigests: [releasedDigest],
  kubeconfig: "/nowhere",
  aws: { profile: "none" },
});

export const goodTargets: Targets = { customer: goodTarget, controlPlane: goodControlPlane };

export const goodFacts = kept(makeFacts, goodTarget);

function makeFacts(target: Target): Facts {
  const iam = goodIam(target);
  const cluster = goodCluster(target);
  return {
    ...goodRegionFacts(),
    ...cluster,
    accessReviews: answersTo(target, cluster),
    ...goodProbes(target),
    scanned: [{ kind: "Secret", namespace: "union", name: "identity", keys: ["tls.key"], suspicious: [] }],
    shipperOutputs: [
      {
        from: `ConfigMap/${shipperNamespace}/shipper-1/fluent-bit.conf`,
        plugin: "cloudwatch_logs",
        settings: { region: "us-east-2" },
      },
    ],
    ...goodAccount(),
    // Of another cloud: there, so that whoever asks for it here is seen to be told that it does not apply.
    ...otherCloud(),
    iam,
    principals: goodPrincipals(iam),
    buckets: ["acme-metadata", "acme-fast-reg"].map((name) => ({
      name,
      region: "us-east-2",
      encryption: "AES256",
      publicAccessBlocked: true,
      versioning: "Enabled",
      policy: tlsOnly(name),
      corsOrigins: [],
      corsMethods: [],
      replicationTargets: [],
      ownership: "BucketOwnerEnforced",
      places: { told: placesOf(target), cut: false },
    })),
    repositories: [
      {
        name: "acme/images",
        arn: `arn:aws:ecr:us-east-2:${account}:repository/acme/images`,
        encryption: "AES256",
        scanOnPush: true,
        immutableTags: true,
      },
    ],
    cluster: {
      name: "acme-local",
      arn: `arn:aws:eks:us-east-2:${account}:cluster/acme-local`,
      issuer,
      publicEndpoint: false,
      privateEndpoint: true,
      logTypes: ["audit"],
      encryptedResources: ["secrets"],
      secretsKeyArn: keyArn,
      authenticationMode: "API",
      vpcId: "vpc-1",
      groupIds: ["sg-cluster"],
    },
  };
}

function otherSubscription(): Pick<Facts, AzureFactName> {
  const id = "/subscriptions/o/resourceGroups/g/providers/Microsoft.Other/things/t";
  const rights = { actions: [], notActions: [], dataActions: [], notDataActions: [] };
  return {
    azureIdentities: [{ id, clientId: "c", principalId: "p", credentials: [] }],
    azureCreations: [{ id, madeAt: "2026-01-01T00:00:00.000Z", calls: [] }],
    azureRights: { assignments: [], denials: [], delegations: [] },
    azureRoles: [{ id, permissions: [rights] }],
    azureStorage: {
      ...{ id, location: "eastus", sharedKeys: true, publicBlobs: true, httpsOnly: false, minimumTls: "TLS1_0" },
      ...{ localUsers: false, acrossTenants: true, replicates: [], versioned: false, containers: [] },
      ...{ corsOrigins: [], corsMethods: [] },
    },
    azureObjects: [{ container: "c", places: { told: [], cut: false } }],
    azureVaults: [
      {
        ...{ id, location: "eastus", rbac: false, policiesFor: [], purgeProtected: false, softDeleted: true },
        ...{ open: true, secrets: [] },
      },
    ],
    azureKeys: [{ url: "https://v.vault.azure.net/keys/k", id, enabled: false, kind: "EC" }],
    azureRegistry: { id, location: "eastus", administrator: true, anonymousPulls: true, tokens: [], copies: [] },
    azureDefender: { plans: [] },
    azureCluster: {
      ...{ id, location: "eastus", nodeGroup: "n", privateApi: false, publicName: true, authorizedRanges: [] },
      ...{
        localAccounts: true,
        entra: false,
        azureRbac: false,
        workloadIdentity: false,
        issuer: "",
        dataplane: "azure",
      },
      ...{ networkPolicy: "none", outbound: "loadBalancer", pools: [], connections: [], scaleSets: [] },
      ...{ upgrades: { cluster: "none", nodes: "None" }, nodeEncryption: "None" },
    },
    azureNetwork: {
      id,
      ranges: [],
      subnets: [],
      rules: [],
      peerings: [],
      gateways: [],
      openAddresses: [],
      endpoints: [],
      managers: [],
      linkServices: [],
    },
    azureLogs: { workspaces: [], senders: [] },
  };
}

function otherCloud(): Pick<Facts, GoogleFactName | AzureFactName> {
  const name = "projects/acme-other/global/networks/n";
  return {
    ...otherSubscription(),
    googleAccounts: [{ email: "a@b.iam.gserviceaccount.com", userKeys: [], bindings: [] }],
    googleProject: { id: "acme-other", number: "1", policies: [], denyPolicies: [] },
    googleCreations: [{ email: "a@b.iam.gserviceaccount.com", uniqueId: "1", calls: [] }],
    googleConstraints: [{ constraint: "c", rules: [] }],
    googleRoles: [{ name: "roles/viewer", permissions: [] }],
    googleBuckets: [
      {
        ...{ name: "b", location: "EU", projectNumber: "1", uniformAccess: false, publicAccess: "inherited" },
        ...{ versioned: false, corsOrigins: [], corsMethods: [], bindings: [], places: { told: [], cut: false } },
      },
    ],
    googleRepositories: [
      {
        ...{ name: "r", mode: "STANDARD_REPOSITORY", immutableTags: false, scanning: "DISABLED" },
        ...{ scanningState: "SCANNING_DISABLED", bindings: [] },
      },
    ],
    googleStores: { secrets: [], logBuckets: [], sinks: [], exclusions: [] },
    googleKeys: [{ name: "k", state: "ENABLED", purpose: "MAC", algorithm: "HMAC_SHA256", bindings: [] }],
    googleCluster: {
      ...{ name: "c", network: name, privateNodes: false, privateEndpoint: false, namedEndpointOpen: true },
      ...{ datapath: "LEGACY_DATAPATH", shieldedNodes: false, legacyAuthorization: true, nodePools: [], endpoints: [] },
      nodeEncryption: "not told",
      logged: [],
    },
    googleNetwork: {
      ...{
        name,
        ranges: [],
        rules: [],
        peerings: [],
        joins: [],
        tunnels: [],
        attachments: [],
        openBalancers: [],
        instances: [],
      },
    },
  };
}

/** As an API server answers that has no authorizer but RBAC. */
export function answersTo(target: Target, rbac: RbacFacts): AccessReview[] {
  const grantsOf = grantsByAccount(rbac);
  return questionsTo(target).map((question) => answer(question, grantsOf));
}

function answer(question: Question, grantsOf: ReturnType<typeof grantsByAccount>): AccessReview {
  const { namespace, account: name, asked } = question;
  const grant = allows(grantsOf({ namespace, name }), asked);
  return { ...question, allowed: grant !== undefined, reason: grant ? `RBAC: allowed by ${grant.via}` : "" };
}

/** The policies are rendered by the components themselves, so that the good plane cannot be better than the real one. */
function goodIam(target: Target): Facts["iam"] {
  const { org, region, buckets, clusterName } = target;
  const admin = renderAdminPolicy({
    ...{ buckets, region, account },
    secretPrefix: secretPrefix(org).replace(/\/$/, ""),
    logGroup: `/biplane/${org}/${clusterName}`,
  });
  const host = issuer.replace("https://", "");
  const trusted = (namespace: string, serviceAccount: string) => ({ namespace, serviceAccount });
  return {
    account,
    users: [],
    oidcProviders: [{ arn: provider, url: "oidc.example.test", clientIds: ["sts.amazonaws.com"] }],
    roles: [
      role(
        "adminflyterole",
        renderSessionTrust({
          ...{ providerArn: provider, issuer: host },
          subjects: adminAccounts(target).map((name) => trusted("union", name)),
        }),
        admin,
      ),
      role(
        "userflyterole",
        renderTrust({
          ...{ providerArn: provider, issuer: host },
          subjects: declaredProjects(target).map((project) => trusted(projectNamespace(project), taskServiceAccount)),
        }),
        renderUserPolicy({ org, buckets }),
      ),
    ],
  };
}

/** Every fact as read. */
export function collectedFrom(facts: Facts): Collected {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, { read: true, value, request: `read ${name}` }]),
  ) as Collected;
}

export const factNames = Object.keys(goodFacts()) as FactName[];

function role(name: string, trust: object, policy: object) {
  return {
    name,
    arn: roleArn(name),
    trust: parsePolicy(JSON.stringify(trust)),
    inline: [{ name: "own", document: parsePolicy(JSON.stringify(policy)) }],
    attached: [],
  };
}

function tlsOnly(bucket: string) {
  return parsePolicy(JSON.stringify(renderBucketPolicy(`arn:aws:s3:::${bucket}`)));
}
