import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { settled } from "../testing/settled.ts";
import { AzureNetwork } from "./azure.ts";
import { adoptAzureNetwork, checkSubnet } from "./azure-adopt.ts";
import { defaultAzureRanges, dnsServiceAddress, planAzureRanges } from "./azure-plan.ts";

const args = { group: "group", region: "westeurope", ranges: defaultAzureRanges, tags: { team: "x" } };

describe("planAzureRanges", () => {
  it("keeps pods and services, which the network does not see, apart from it all the same", () => {
    expect(planAzureRanges(defaultAzureRanges)).toBe(defaultAzureRanges);
    expect(() => planAzureRanges({ ...defaultAzureRanges, services: "10.40.0.0/20" })).toThrow(
      /^biplane:network\.services is .*apart from biplane:network\.nodes/,
    );
    expect(() => planAzureRanges({ ...defaultAzureRanges, pods: "10.64.0.0/20" })).toThrow(/\/9 to \/19/);
    expect(() => planAzureRanges({ ...defaultAzureRanges, nodes: "203.0.112.0/20" })).toThrow(/a private IPv4 network/);
  });

  it("gives DNS the tenth address of the services", () => {
    expect(dnsServiceAddress(defaultAzureRanges)).toBe("10.40.64.10");
    expect(dnsServiceAddress({ services: "172.16.255.0/24" })).toBe("172.16.255.10");
  });
});

describe("AzureNetwork", () => {
  it("has one subnet, which leaves by a NAT gateway and by no other way, behind a wall of its own", async () => {
    const made = await recordResources(() => new AzureNetwork("main", args));
    expect(made.one("azure-native:network:Subnet").inputs).toMatchObject({
      ...{ addressPrefix: "10.40.0.0/18", defaultOutboundAccess: false },
      ...{ natGateway: { id: "main-id" }, networkSecurityGroup: { id: "main-id" } },
    });
    const rules = made.one("azure-native:network:NetworkSecurityGroup").inputs.securityRules;
    expect(rules).toMatchObject([{ direction: "Inbound", access: "Deny", sourceAddressPrefix: "Internet" }]);
  });

  it("leaves by addresses of its own, which the region can allow by", async () => {
    const made = await recordResources(async () => {
      const network = new AzureNetwork("main", { ...args, natAddresses: 3 });
      const addresses = [0, 1, 2].map((at) => `address of main-nat-${at}`);
      expect(await settled(pulumi.all(network.natAddresses))).toEqual(addresses);
    });
    expect(made.one("azure-native:network:NatGateway").inputs.publicIpAddresses).toEqual(
      [0, 1, 2].map((at) => ({ id: `main-nat-${at}-id` })),
    );
  });
});

describe("adoptAzureNetwork", () => {
  const existing = { group: "network", virtualNetwork: "spoke", subnet: "aks" };
  const seen = { serviceEndpoints: ["Microsoft.Storage", "Microsoft.KeyVault"], leaves: true, walled: true };

  it("makes nothing, and answers what is there", async () => {
    const made = await recordResources(async () => {
      const { subnetId, natAddresses } = adoptAzureNetwork(existing, "subscription");
      expect(await settled(subnetId)).toBe(
        "/subscriptions/subscription/resourceGroups/network/providers/Microsoft.Network/virtualNetworks/spoke/subnets/aks",
      );
      expect(natAddresses).toEqual([]);
    });
    expect(made.all).toEqual([]);
  });

  it.each([
    [{ serviceEndpoints: ["Microsoft.Storage"] }, /service endpoints.*--service-endpoints/],
    [{ leaves: false }, /NAT gateway.*--nat-gateway/],
    [{ walled: false }, /network security group/],
  ])("refuses a subnet of %o", (change, words) => {
    checkSubnet(existing, seen);
    expect(() => checkSubnet(existing, { ...seen, ...change })).toThrow(words);
  });
});
