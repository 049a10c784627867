import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { GoogleApiLink } from "./gcp-consumer.ts";
import { checkAcceptedProjects } from "./gcp-plan.ts";
import { GoogleApiService } from "./gcp-provider.ts";

const attachment = "projects/acme-data/regions/europe-west4/serviceAttachments/main-api";

const provide = () =>
  recordResources(async () => {
    const one = new GoogleApiService("main-api", {
      ...{ project: "acme-data", region: "europe-west4", zone: "europe-west4-a" },
      ...{ networkId: "network", subnetworkId: "subnetwork", apiHost: "10.40.128.2" },
      ...{ proxyCidr: "10.40.160.0/23", linkCidr: "10.40.162.0/24", acceptedProjects: ["vendor-ops"] },
    });
    expect(await settled(one.serviceAttachment)).toBe(attachment);
  });

describe("the customer's end", () => {
  it("is offered to named projects only, each let in by that list", async () => {
    expect((await provide()).one("gcp:compute/serviceAttachment:ServiceAttachment").inputs).toMatchObject({
      connectionPreference: "ACCEPT_MANUAL",
      consumerAcceptLists: [{ projectIdOrNum: "vendor-ops" }],
      targetService: "link of main-api",
    });
  });

  it("leads to the cluster's API and nowhere else, from inside the network", async () => {
    const made = await provide();
    expect(made.of("gcp:compute/networkEndpoint:NetworkEndpoint").map(({ inputs }) => inputs.ipAddress)).toEqual([
      "10.40.128.2",
    ]);
    const front = made.one("gcp:compute/forwardingRule:ForwardingRule").inputs;
    expect(front).toMatchObject({ loadBalancingScheme: "INTERNAL_MANAGED", portRange: "443", network: "network" });
    expect(front).not.toHaveProperty("ipAddress");
    expect(made.of("gcp:compute/firewall:Firewall")).toEqual([]);
  });

  it("has subnets of its own for proxies and for translated addresses", async () => {
    const subnets = (await provide()).of("gcp:compute/subnetwork:Subnetwork").map(({ inputs }) => inputs);
    expect(subnets.map(({ purpose, ipCidrRange }) => [purpose, ipCidrRange]).sort()).toEqual([
      ["PRIVATE_SERVICE_CONNECT", "10.40.162.0/24"],
      ["REGIONAL_MANAGED_PROXY", "10.40.160.0/23"],
    ]);
  });

  it.each([[[]], [["*"]], [["vendor-ops", "vendor-ops"]], [["projects/vendor-ops"]]])("refuses %j", (projects) => {
    expect(() => checkAcceptedProjects(projects)).toThrow(/^biplane:privateLink\.acceptedProjects is /);
  });
});

describe("the vendor's end", () => {
  const connect = (serviceAttachment: string) =>
    new GoogleApiLink("acme-main-api", {
      ...{
        project: "vendor-ops",
        region: "europe-west4",
        network: "n",
        subnetwork: "s",
        serviceAttachment,
        labels: {},
      },
    });

  it("is one address in the vendor's network that leads to that attachment", async () => {
    const made = await recordResources(async () => {
      const one = connect(attachment);
      expect(await settled(one.address)).toBe("10.9.0.7");
      expect(await settled(one.connectionId)).toBe("4711");
    });
    expect(made.one("gcp:compute/forwardingRule:ForwardingRule").inputs).toMatchObject({
      ...{ target: attachment, loadBalancingScheme: "", network: "n" },
    });
  });

  it("is in the customer's region", async () => {
    await recordResources(() => {
      const elsewhere = attachment.replace("europe-west4", "us-east1");
      expect(() => connect(elsewhere)).toThrow(/^biplane:serviceAttachment is .*of europe-west4/);
    });
  });
});
