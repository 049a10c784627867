/** Every call of the collector, as it should go and as it may not. */
import { describe, expect, it } from "vitest";
import type { Collected, FactName } from "../../facts.ts";
import { googlePermissions } from "../../permissions/calls.ts";
import { auditLogOnly, leastGoogleAuditReader, leastGoogleRole } from "../../permissions/render.ts";
import { fakeProject, smallTarget } from "../../testing/fake-project.ts";
import { readsOf } from "./client.ts";
import { readGoogle } from "./index.ts";

const all = [...new Set(Object.values(googlePermissions).flat())];
const readersOf = (permission: string) =>
  Object.entries(googlePermissions)
    .filter(([, own]) => own.includes(permission))
    .map(([name]) => name)
    .sort();
const unread = (collected: Partial<Collected>) =>
  (Object.keys(collected) as FactName[]).filter((name) => !collected[name]?.read).sort();
const read = (answer: Parameters<typeof fakeProject>[0] = () => undefined) =>
  readGoogle(readsOf(fakeProject(answer)), smallTarget);
const problem = (status: number) => () => Response.json({ error: { code: status, message: "no" } }, { status });

describe("a project", () => {
  it("is read whole, with what lies above it", async () => {
    const collected = await read();
    expect(Object.values(collected).flatMap((fact) => (fact.read ? [] : fact.reason))).toEqual([]);
    expect(collected.googleProject).toMatchObject({
      value: {
        ...{ id: "acme-data", number: "123456789012" },
        policies: [
          { name: "projects/acme-data", parent: "folders/7", bindings: [{ condition: expect.any(String) }] },
          { name: "folders/7", parent: "organizations/42" },
          { name: "organizations/42", bindings: [{ members: ["group:42@acme.test"] }] },
        ],
        denyPolicies: [{ on: "projects/acme-data", rules: [{ condition: "false", exceptionPrincipals: [] }] }],
      },
    });
    expect(collected.googleNetwork).toMatchObject({
      value: {
        name: "projects/acme-data/global/networks/main",
        ranges: ["10.40.0.0/18", "10.64.0.0/15"],
        rules: [{ name: "main-refuse", enabled: true, direction: "INGRESS", allows: false, ports: ["all"] }],
        attachments: [{ preference: "ACCEPT_MANUAL", accepted: ["vendor-ops"], schemes: ["INTERNAL_MANAGED"] }],
        openBalancers: [],
      },
    });
    const places = { told: ["stray", "acme/demo/development/"], cut: false };
    expect(collected.googleBuckets).toMatchObject({ value: [{ places }, { places }] });
    expect(collected.googleCluster).toMatchObject({
      value: {
        privateNodes: true,
        privateEndpoint: true,
        authorizedNetworks: ["10.0.0.0/8"],
        datapath: "ADVANCED_DATAPATH",
        nodeEncryption: "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT",
      },
    });
    expect(collected.googleCreations).toMatchObject({
      value: [1, 2].map(() => ({
        email: "admin@acme-data.iam.gserviceaccount.com",
        calls: [{ by: { through: [], bindings: [{ condition: expect.any(String) }] } }],
      })),
    });
    expect(collected.googleConstraints).toMatchObject({
      value: [
        { constraint: "storage.secureHttpTransport", rules: [{ enforce: true, allowAll: false, denied: [] }] },
        { constraint: "gcp.restrictTLSVersion", rules: [{ allowAll: true, denyAll: false, denied: [] }] },
      ],
    });
    const roles = collected.googleRoles.read ? collected.googleRoles.value : [];
    expect(roles.map(({ name }) => name)).toContain("roles/storage.objectUser");
  });

  it("is read with every way to somebody else's network, and without those to Google's own APIs", async () => {
    const at = "https://www.googleapis.com/compute/v1/projects/acme-data/regions/r1";
    const network = "https://www.googleapis.com/compute/v1/projects/acme-data/global/networks/main";
    const offered = "https://www.googleapis.com/compute/v1/projects/vendor-ops/regions/r1/serviceAttachments/x";
    const group = (name: string, pscTargetService: string) => {
      const selfLink = `${at}/networkEndpointGroups/${name}`;
      return { selfLink, networkEndpointType: "PRIVATE_SERVICE_CONNECT", pscTargetService };
    };
    const answers: Record<string, object> = {
      "compute.forwardingRules.list": {
        items: {
          "regions/r1": {
            forwardingRules: [
              { selfLink: `${at}/forwardingRules/out`, target: offered, IPAddress: "10.40.0.9" },
              { selfLink: `${at}/forwardingRules/apis`, target: "all-apis", IPAddress: "10.40.0.8" },
            ],
          },
        },
      },
      "compute.networkEndpointGroups.list": {
        items: {
          "regions/r1": { networkEndpointGroups: [group("out", offered), group("kms", "r1-cloudkms.googleapis.com")] },
        },
      },
      "compute.networkAttachments.list": {
        items: {
          "regions/r1": {
            networkAttachments: [
              { selfLink: `${at}/networkAttachments/in`, network, producerAcceptLists: ["vendor-ops"] },
              { selfLink: `${at}/networkAttachments/other`, network: `${network}-other` },
            ],
          },
        },
      },
      "compute.routes.list": {
        items: [
          { name: "hub-1", network, nextHopHub: "projects/net/locations/global/hubs/all" },
          { name: "default", network },
        ],
      },
    };
    const { googleNetwork } = await read((needed) => (answers[needed] ? Response.json(answers[needed]) : undefined));
    expect(googleNetwork).toMatchObject({ read: true });
    expect(
      googleNetwork?.read && googleNetwork.value.joins.map(({ kind, name, to }) => [kind, name.split("/").at(-1), to]),
    ).toEqual([
      ["endpoint", "out", "projects/vendor-ops/regions/r1/serviceAttachments/x"],
      ["endpoint", "out", "projects/vendor-ops/regions/r1/serviceAttachments/x"],
      ["interface", "in", "vendor-ops"],
      ["hub", "hub-1", "projects/net/locations/global/hubs/all"],
    ]);
  });

  it.each(all)("needs %s: without it the declared facts are not read, and no other is lost", async (permission) => {
    const failures = { 403: problem(403), 404: problem(404), 500: problem(500), 429: problem(429) };
    for (const [status, failure] of Object.entries(failures)) {
      const lost = unread(await read((needed) => (needed === permission ? failure() : undefined)));
      expect(lost, status).toEqual(readersOf(permission));
    }
  });

  // Keys of an account come all at once.
  const withoutPages = ["iam.serviceAccountKeys.list"];
  const paged = all.filter((one) => one.endsWith(".list") && !withoutPages.includes(one));
  it.each(paged)("is not read by a first page of %s alone", async (permission) => {
    let calls = 0;
    const collected = await read((needed) => {
      if (needed !== permission) return undefined;
      return calls++ === 0 ? Response.json({ nextPageToken: "2" }) : problem(500)();
    });
    expect(unread(collected)).toEqual(readersOf(permission));
  });

  it("is not read where its pages go round in a circle, or an answer is none", async () => {
    const circle = await read((needed) =>
      needed === "logging.sinks.list" ? Response.json({ nextPageToken: "1" }) : undefined,
    );
    expect(circle.googleStores).toMatchObject({ read: false, reason: expect.stringContaining("its pages do not end") });
    const nonsense = await read((needed) =>
      needed === "storage.buckets.get" ? Response.json({ location: 7 }) : undefined,
    );
    expect(nonsense.googleBuckets).toMatchObject({ read: false });
  });

  it("is not read where one region did not answer", async () => {
    const items = { "regions/us-central1": { warning: { code: "UNREACHABLE" } } };
    const collected = await read((needed) =>
      needed === "compute.instances.list" ? Response.json({ items }) : undefined,
    );
    expect(collected.googleNetwork).toMatchObject({ read: false, reason: expect.stringContaining("UNREACHABLE") });
  });

  it("is read by the roles that are printed, and these only look", () => {
    const granted = [...leastGoogleRole().includedPermissions, ...leastGoogleRole("organization").includedPermissions];
    const underCondition = leastGoogleAuditReader().includedPermissions;
    expect([...new Set([...granted, ...underCondition])].sort()).toEqual([...all].sort());
    // Without the condition it would read the tasks' own lines.
    expect(underCondition).toEqual(["logging.views.access"]);
    expect(granted).not.toContain("logging.views.access");
    expect(auditLogOnly).toBe('resource.name.endsWith("/buckets/_Required/views/_AllLogs")');
    const looks = /\.(list|get|getIamPolicy|getRegionEffectiveFirewalls)$/;
    expect(granted.filter((one) => !looks.test(one))).toEqual([]);
    expect(granted).not.toContain("storage.objects.get");
    expect(granted).not.toContain("secretmanager.versions.access");
  });
});
