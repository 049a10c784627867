import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { GoogleNetwork } from "./gcp.ts";
import { adoptGoogleNetwork, checkSubnetwork } from "./gcp-adopt.ts";
import { defaultRanges, planRanges } from "./gcp-plan.ts";

const build = (preview = false) =>
  recordResources(
    () => new GoogleNetwork("main", { project: "acme-data", region: "europe-west4", ranges: defaultRanges }),
    { preview },
  );

describe("planRanges", () => {
  it("takes the documented sizes", () => {
    expect(planRanges(defaultRanges)).toBe(defaultRanges);
    expect(Object.values(defaultRanges).map((cidr) => cidr.split("/")[1])).toEqual(["18", "15", "18", "28"]);
  });

  it.each([
    [{ nodes: "10.40.1.0/18" }, /^biplane:network\.nodes is "10\.40\.1\.0\/18"; allowed: .* \/16 to \/24/],
    [{ nodes: "203.0.112.0/20" }, /^biplane:network\.nodes is /],
    [{ pods: "10.64.0.0/20" }, /^biplane:network\.pods is .* \/9 to \/19/],
    [{ services: "nonsense" }, /^biplane:network\.services is "nonsense"/],
    [{ master: "10.40.128.0/27" }, /^biplane:network\.master is .*of \/28 on/],
    [{ master: "10.40.0.0/28" }, /^biplane:network\.master is .*apart from biplane:network\.nodes, 10\.40\.0\.0\/18/],
    [{ nodes: "10.65.0.0/18" }, /apart from biplane:network\.nodes, 10\.65\.0\.0\/18/],
  ])("refuses %o", (change, words) => {
    expect(() => planRanges({ ...defaultRanges, ...change })).toThrow(words);
  });

  it("keeps what else is in the network apart, by its own setting's name", () => {
    const more = { "biplane:privateLink.proxyCidr": "10.40.64.0/23" };
    expect(() => planRanges(defaultRanges, more)).toThrow(/^biplane:privateLink\.proxyCidr is .*network\.services/);
  });
});

describe("GoogleNetwork", () => {
  it("has one subnet with the documented ranges, whose flows are all logged and whose nodes reach Google inside", async () => {
    const made = await build();
    expect(made.one("gcp:compute/network:Network").inputs).toMatchObject({ autoCreateSubnetworks: false });
    expect(made.one("gcp:compute/subnetwork:Subnetwork").inputs).toMatchObject({
      ipCidrRange: "10.40.0.0/18",
      secondaryIpRanges: [
        { rangeName: "gke-pods", ipCidrRange: "10.64.0.0/15" },
        { rangeName: "gke-services", ipCidrRange: "10.40.64.0/18" },
      ],
      privateIpGoogleAccess: true,
      logConfig: { flowSampling: 1, aggregationInterval: "INTERVAL_1_MIN" },
    });
  });

  it("lets nobody in: its one firewall rule refuses, on record", async () => {
    const made = await build();
    const { inputs } = made.one("gcp:compute/firewall:Firewall");
    expect(inputs).toMatchObject({ direction: "INGRESS", denies: [{ protocol: "all" }], sourceRanges: ["0.0.0.0/0"] });
    expect(inputs).toHaveProperty("logConfig");
    expect(inputs).not.toHaveProperty("allows");
  });

  it("leaves by addresses of its own, which the region can allow by, and is not placed in before", async () => {
    const made = await recordResources(async () => {
      const network = new GoogleNetwork("main", {
        ...{ project: "acme-data", region: "europe-west4", ranges: defaultRanges, natAddresses: 3 },
      });
      expect(await settled(pulumi.all(network.natAddresses))).toEqual(
        [0, 1, 2].map((at) => `address of main-nat-${at}`),
      );
    });
    expect(made.one("gcp:compute/routerNat:RouterNat").inputs).toMatchObject({
      natIpAllocateOption: "MANUAL_ONLY",
      natIps: [0, 1, 2].map((at) => `link of main-nat-${at}`),
    });
  });

  it("shows the same in a first preview", async () => {
    const names = ({ all }: Awaited<ReturnType<typeof build>>) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build(true))).toEqual(names(await build()));
  });
});

describe("adoptGoogleNetwork", () => {
  const existing = { subnetwork: "nodes", hostProject: "host", podsRange: "pods", servicesRange: "services" };
  const seen = { privateIpGoogleAccess: true, ranges: ["pods", "services"] };

  it("makes nothing, and answers what is there", async () => {
    const made = await recordResources(async () => {
      const place = adoptGoogleNetwork(existing, { project: "acme-data", region: "europe-west4" });
      const known = await settled(pulumi.all([place.networkId, place.podsRange, place.servicesRange]));
      expect(known).toEqual(["projects/host/global/networks/shared", "pods", "services"]);
      expect(place.natAddresses).toEqual([]);
    });
    expect(made.all).toEqual([]);
  });

  it("refuses a subnet that nodes cannot reach Google's services from, and ranges that it lacks", () => {
    checkSubnetwork(existing, seen);
    expect(() => checkSubnetwork(existing, { ...seen, privateIpGoogleAccess: false })).toThrow(
      /^biplane:network\.existing\.subnetwork is "nodes".*--enable-private-ip/,
    );
    expect(() => checkSubnetwork(existing, { ...seen, ranges: [] })).toThrow(/podsRange is "pods".*it has none/);
    expect(() => checkSubnetwork(existing, { ...seen, ranges: ["pods"] })).toThrow(
      /servicesRange is "services".*: pods/,
    );
  });
});
