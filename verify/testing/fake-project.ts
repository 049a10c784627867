/** A small project in memory that answers as Google's APIs do, each call under the permission that it needs. */
import { answerRead } from "../../sandbox/gcp-reads/index.ts";
import { smallProject, smallSecret } from "../../sandbox/gcp-reads/testing/small-project.ts";
import { type Google, google } from "../../shared/google.ts";
import { type GoogleTarget, googleTargetSchema } from "../target.ts";
import { goodGoogleTarget } from "./good-google.ts";

const onlyAccount = "admin@acme-data.iam.gserviceaccount.com";

export const smallTarget: GoogleTarget = googleTargetSchema.parse({
  ...goodGoogleTarget,
  ...{ clusterName: "main", repository: "tasks" },
  buckets: { metadata: "acme-metadata", fastRegistration: "acme-metadata" },
  accounts: { admin: onlyAccount, user: onlyAccount },
});

/** By method and path. Source: each method's page in Google's REST references. */
const permissions: readonly [RegExp, string][] = [
  [/^GET .*\/serviceAccounts\?/, "iam.serviceAccounts.list"],
  [/^GET .*\/keys\?/, "iam.serviceAccountKeys.list"],
  [/^POST .*\/serviceAccounts\/.*:getIamPolicy/, "iam.serviceAccounts.getIamPolicy"],
  [/^GET \/v1\/(projects\/[^/]+\/)?roles\//, "iam.roles.get"],
  [/^GET \/v2\/policies\/[^/]+\/denypolicies\?/, "iam.denypolicies.list"],
  [/^GET \/v2\/policies\/[^/]+\/denypolicies\//, "iam.denypolicies.get"],
  [/^GET \/v3\/projects\//, "resourcemanager.projects.get"],
  [/^POST .*:getAncestry/, "resourcemanager.projects.get"],
  [/^POST \/v3\/projects\/.*:getIamPolicy/, "resourcemanager.projects.getIamPolicy"],
  [/^POST \/v3\/folders\/.*:getIamPolicy/, "resourcemanager.folders.getIamPolicy"],
  [/^POST \/v3\/organizations\/.*:getIamPolicy/, "resourcemanager.organizations.getIamPolicy"],
  [/^GET \/v2\/projects\/[^/]+\/policies\/[^/]+:getEffectivePolicy$/, "orgpolicy.policy.get"],
  [/^GET \/storage\/v1\/b\/[^/?]+$/, "storage.buckets.get"],
  [/^GET \/storage\/v1\/b\/[^/]+\/iam/, "storage.buckets.getIamPolicy"],
  [/^GET \/storage\/v1\/b\/[^/]+\/o\?/, "storage.objects.list"],
  [/^GET .*\/repositories\?/, "artifactregistry.repositories.list"],
  [/^GET .*\/repositories\/[^/]+:getIamPolicy/, "artifactregistry.repositories.getIamPolicy"],
  [/^GET .*\/secrets\?/, "secretmanager.secrets.list"],
  [/^GET .*\/secrets\/[^/]+:getIamPolicy/, "secretmanager.secrets.getIamPolicy"],
  [/^GET \/v2\/.*\/buckets\?/, "logging.buckets.list"],
  [/^GET \/v2\/.*\/views\?/, "logging.views.list"],
  [/^POST \/v2\/.*\/views\/[^/]+:getIamPolicy/, "logging.views.getIamPolicy"],
  [/^GET \/v2\/.*\/sinks\?/, "logging.sinks.list"],
  [/^GET \/v2\/.*\/exclusions\?/, "logging.exclusions.list"],
  [/^GET .*\/cryptoKeys\/[^/:]+$/, "cloudkms.cryptoKeys.get"],
  [/^GET .*\/cryptoKeys\/[^/]+:getIamPolicy/, "cloudkms.cryptoKeys.getIamPolicy"],
  [/^POST \/v2\/entries:list$/, "logging.views.access"],
  [/^GET .*\/clusters\/[^/]+$/, "container.clusters.get"],
  [/^GET \/compute\/.*\/global\/networks\/[^/]+$/, "compute.networks.get"],
  [/^GET \/compute\/.*\/getEffectiveFirewalls/, "compute.networks.getRegionEffectiveFirewalls"],
  [/^GET \/compute\/.*\/aggregated\/subnetworks/, "compute.subnetworks.list"],
  [/^GET \/compute\/.*\/aggregated\/forwardingRules/, "compute.forwardingRules.list"],
  [/^GET \/compute\/.*\/aggregated\/vpnTunnels/, "compute.vpnTunnels.list"],
  [/^GET \/compute\/.*\/aggregated\/interconnectAttachments/, "compute.interconnectAttachments.list"],
  [/^GET \/compute\/.*\/aggregated\/instances/, "compute.instances.list"],
  [/^GET \/compute\/.*\/serviceAttachments\?/, "compute.serviceAttachments.list"],
  [/^GET \/compute\/.*\/aggregated\/networkEndpointGroups/, "compute.networkEndpointGroups.list"],
  [/^GET \/compute\/.*\/aggregated\/networkAttachments/, "compute.networkAttachments.list"],
  [/^GET \/compute\/.*\/global\/routes\?/, "compute.routes.list"],
];

const denyPolicy = "policies/cloudresourcemanager.googleapis.com%2Fprojects%2Facme-data/denypolicies/d";

/** What lies above the project, the denial in it, and objects: the sandbox keeps none of them. */
function beyond(call: string): object | undefined {
  const [, kind, id] = /^POST \/v3\/(folders|organizations)\/(\d+):getIamPolicy/.exec(call) ?? [];
  if (kind) return { bindings: [{ role: "roles/storage.objectUser", members: [`group:${id}@acme.test`] }] };
  if (call.includes(":getAncestry")) {
    const parts = [
      ["project", "acme-data"],
      ["folder", "7"],
      ["organization", "42"],
    ];
    return { ancestor: parts.map(([type, at]) => ({ resourceId: { type, id: at } })) };
  }
  if (/\/denypolicies\?/.test(call)) return call.includes("projects") ? { policies: [{ name: denyPolicy }] } : {};
  if (/\/denypolicies\/d/.test(call)) {
    const denyRule = {
      ...{
        deniedPrincipals: ["principalSet://goog/public:all"],
        deniedPermissions: ["storage.googleapis.com/objects.get"],
      },
      denialCondition: { title: "t", expression: "false" },
    };
    return { rules: [{ denyRule }] };
  }
  if (call.endsWith("/v2/entries:list")) return { entries: [madeByItself()] };
  if (/\/storage\/v1\/b\/[^/]+\/o\?/.test(call)) return objectsAt(new URLSearchParams(call.split("?")[1]));
  return undefined;
}

/** Of a bucket with one object in the project, and one beside all prefixes on a second page. */
function objectsAt(query: URLSearchParams): object {
  if (query.get("pageToken") === "2") return { items: [{ name: "stray" }] };
  const levels = ["", "acme/", "acme/demo/", "acme/demo/development/"];
  const next = levels[levels.indexOf(query.get("prefix") ?? "") + 1];
  if (query.get("delimiter") !== "/" || next === undefined) throw new Error(`nobody lists by ${query}`);
  return { prefixes: [next], ...(next === "acme/" ? { nextPageToken: "2" } : {}) };
}

/** The one account of the project, as if it had made itself: who called is then an account of the project. */
function madeByItself() {
  const unique_id = String(smallProject()[`projects/acme-data/serviceAccounts/${onlyAccount}`]?.outputs.uniqueId);
  return {
    ...{ insertId: "i", timestamp: "2026-01-02T03:04:05.678Z", severity: "NOTICE" },
    protoPayload: {
      ...{ serviceName: "iam.googleapis.com", methodName: "google.iam.admin.v1.CreateServiceAccount", status: {} },
      authenticationInfo: { principalEmail: onlyAccount },
      ...{ request: { account_id: "admin" }, response: { email: onlyAccount, unique_id } },
    },
  };
}

/** @param answer in the place of what a call that needs that permission gets; undefined leaves it */
export function fakeProject(answer: (permission: string, call: string) => Response | undefined): Google {
  const project = { kept: smallProject(), secrets: [smallSecret] };
  return google({
    ...{ token: async () => "t", env: { GOOGLE_ENDPOINT_URL: "http://fake" }, backoffMs: 0 },
    async send(url, { method }) {
      const target = url.replace("http://fake", "");
      const call = `${method} ${target}`;
      const permission = permissions.find(([pattern]) => pattern.test(call))?.[1];
      if (permission === undefined) throw new Error(`${call}: no permission is known that it needs`);
      const other = answer(permission, call);
      if (other) return other;
      const more = beyond(call);
      if (more) return Response.json(more);
      const { status, body } = answerRead({ method, url: target }, project);
      return Response.json(body, { status });
    },
  });
}
