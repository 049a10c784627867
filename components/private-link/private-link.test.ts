import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { planNetwork } from "../network/plan.ts";
import { type Recorded, recordResources } from "../testing/record-resources.ts";
import { ClusterApiLink } from "./consumer.ts";
import { type ClusterLink, checkEndpoints, checkLinks, checkPrincipals, planApiTargets } from "./plan.ts";
import { ClusterApiService, type ClusterApiServiceArgs } from "./provider.ts";

const vendor = "arn:aws:iam::111111111111:role/region-deployer";
const clusterCidrs = planNetwork("10.40.0.0/16", ["us-east-2a", "us-east-2b", "us-east-2c"]).zones.map(
  ({ cluster }) => cluster,
);

describe("planApiTargets", () => {
  it("lists every address that AWS can give in the cluster's subnets, and no other", () => {
    const targets = planApiTargets(clusterCidrs);
    expect(targets).toHaveLength(33);
    expect(targets.slice(0, 11)).toEqual(Array.from({ length: 11 }, (_, at) => `10.40.208.${4 + at}`));
    expect(new Set(targets).size).toBe(33);
  });

  it("stays in its subnet and leaves AWS's five addresses alone, wherever the subnet is", () => {
    const subnet = fc
      .record({ prefix: fc.constantFrom(27, 28), seed: fc.integer({ min: 0, max: 2 ** 28 - 1 }) })
      .map(({ prefix, seed }) => ({ prefix, base: seed * 16 - ((seed * 16) % 2 ** (32 - prefix)) }));
    const dotted = (value: number) => [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join(".");
    const number = (address: string) => address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
    fc.assert(
      fc.property(subnet, subnet, (one, other) => {
        const size = 2 ** (32 - one.prefix);
        const targets = planApiTargets([`${dotted(one.base)}/${one.prefix}`, `${dotted(other.base)}/${other.prefix}`]);
        const own = targets.slice(0, size - 5).map(number);
        expect(own[0]).toBe(one.base + 4);
        expect(own.at(-1)).toBe(one.base + size - 2);
      }),
    );
  });

  it.each(["10.40.0.0/18", "10.40.0.0/26", "10.40.0.0/29", "10.40.0.1/28", "10.400.0.0/28", "acme"])(
    "refuses the subnet %j and says how a cluster is moved",
    (cidr) => {
      expect(() => planApiTargets([cidr, "10.40.208.0/28"])).toThrow(/clusterCidrs .*update-cluster-config/);
    },
  );

  it("refuses a cluster in one zone", () => {
    expect(() => planApiTargets(["10.40.208.0/28"])).toThrow(/at least 2 zones/);
  });
});

describe("who may come by PrivateLink", () => {
  it.each([
    ["the world", ["*"]],
    ["a whole account", ["arn:aws:iam::111111111111:root"]],
    ["every role of an account", ["arn:aws:iam::111111111111:role/*"]],
    ["the same role twice", [vendor, vendor]],
    ["nobody", []],
  ])("is never %s", (_, principals) => {
    expect(() => checkPrincipals(principals)).toThrow(/privateLink\.principals .*exact ARNs/);
  });

  it("is a role by its exact ARN", () => {
    expect(checkPrincipals([vendor])).toEqual([vendor]);
  });

  it("is accepted by the endpoint's id only", () => {
    expect(checkEndpoints(["vpce-0a1b"])).toEqual(["vpce-0a1b"]);
    expect(() => checkEndpoints(["all"])).toThrow(/acceptedEndpoints .*vpce-/);
  });
});

const link: ClusterLink = {
  org: "acme",
  cluster: "main",
  serviceName: "com.amazonaws.vpce.us-east-2.vpce-svc-0a1b",
  apiHost: "0A1B.gr7.us-east-2.eks.amazonaws.com",
};

describe("checkLinks", () => {
  it.each([
    [
      "a service of another region",
      { serviceName: "com.amazonaws.vpce.eu-west-1.vpce-svc-0a" },
      /serviceName .*us-east-2/,
    ],
    ["a service that is AWS's own", { serviceName: "com.amazonaws.us-east-2.eks" }, /clusterLinks\[0\]\.serviceName/],
    ["a URL for a host", { apiHost: "https://0a.eks.test" }, /apiHost .*host name/],
    ["an address for a host", { apiHost: "10.0.0.1" }, /apiHost .*host name/],
  ])("refuses %s", (_, changes, message) => {
    expect(() => checkLinks([{ ...link, ...changes }], "us-east-2")).toThrow(message);
  });

  it("refuses two customers behind one host, one service, or one cluster twice", () => {
    const other = { org: "globex", cluster: "main", serviceName: `${link.serviceName}2`, apiHost: "b.eks.test" };
    expect(checkLinks([link, other], "us-east-2")).toHaveLength(2);
    for (const same of [{ apiHost: link.apiHost }, { serviceName: link.serviceName }, { org: "acme" }]) {
      expect(() => checkLinks([link, { ...other, ...same }], "us-east-2")).toThrow(/clusterLinks\[1\].*once/);
    }
  });
});

const args: ClusterApiServiceArgs = {
  vpcId: "vpc",
  subnetIds: ["private-a", "private-b"],
  clusterCidrs,
  clusterSecurityGroupId: "sg-cluster",
  principals: [vendor],
  tags: { team: "platform" },
};
const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();

describe("ClusterApiService", () => {
  const build = (changes: Partial<ClusterApiServiceArgs> = {}, preview = false) =>
    recordResources(() => new ClusterApiService("acme-api", { ...args, ...changes }), { preview });
  let made: Recorded;
  beforeAll(async () => {
    made = await build();
  });

  it("lets only exact principals ask, and nobody in before the customer accepts", () => {
    expect(made.one("aws:ec2/vpcEndpointService:VpcEndpointService").inputs).toMatchObject({
      acceptanceRequired: true,
      allowedPrincipals: [vendor],
      networkLoadBalancerArns: ["arn:lb/unionai-access-acme-api"],
    });
    expect(made.of("aws:ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter")).toEqual([]);
  });

  it("accepts each endpoint that is named, by its id", async () => {
    const accepting = await build({ acceptedEndpoints: ["vpce-0a", "vpce-0b"] });
    const accepted = accepting.of("aws:ec2/vpcEndpointConnectionAccepter:VpcEndpointConnectionAccepter");
    expect(accepted.map(({ inputs }) => inputs.vpcEndpointId)).toEqual(["vpce-0a", "vpce-0b"]);
  });

  it("stands on an internal balancer that nothing inside the network can reach", () => {
    const { inputs } = made.one("aws:lb/loadBalancer:LoadBalancer");
    expect(inputs).toMatchObject({
      internal: true,
      name: "unionai-access-acme-api",
      securityGroups: ["acme-api-id"],
      enforceSecurityGroupInboundRulesOnPrivateLinkTraffic: "off",
    });
    const rules = made.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(rules.map(({ inputs }) => inputs.securityGroupId)).toEqual(["sg-cluster"]);
  });

  it("forwards the API's port and no other, to the cluster's interfaces and nothing else", () => {
    const attached = made.of("aws:lb/targetGroupAttachment:TargetGroupAttachment").map(({ inputs }) => inputs);
    expect(attached.map(({ targetId }) => targetId)).toEqual(planApiTargets(clusterCidrs));
    for (const { inputs } of made.of("aws:lb/listener:Listener")) expect(inputs.port).toBe(443);
    expect(made.one("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").inputs).toMatchObject({
      referencedSecurityGroupId: "sg-cluster",
      fromPort: 443,
      toPort: 443,
    });
  });

  it("finds a moved API within 20 seconds, and keeps no flow to the old place", () => {
    const { inputs } = made.one("aws:lb/targetGroup:TargetGroup");
    expect(inputs).toMatchObject({
      targetType: "ip",
      targetHealthStates: [{ enableUnhealthyConnectionTermination: true }],
      healthCheck: { protocol: "TCP", interval: 10, unhealthyThreshold: 2 },
    });
  });

  it("shows the same resources in a first preview, when nothing is known yet", async () => {
    expect(names(await build({}, true))).toEqual(names(made));
  });
});

describe("ClusterApiLink", () => {
  const build = (preview = false) =>
    recordResources(
      () =>
        new ClusterApiLink("link-acme-main", {
          vpcId: "vpc",
          subnetIds: ["private-a", "private-b"],
          clientSecurityGroupId: "sg-nodes",
          link,
          tags: { team: "platform" },
        }),
      { preview },
    );

  it("leads the cluster's own name to the endpoint, in the region's network alone", async () => {
    const made = await build();
    const host = link.apiHost.toLowerCase();
    expect(made.one("aws:route53/zone:Zone").inputs).toMatchObject({ name: host, vpcs: [{ vpcId: "vpc" }] });
    expect(made.one("aws:route53/record:Record").inputs).toMatchObject({
      name: host,
      type: "A",
      aliases: [{ name: "link-acme-main.vpce.test", zoneId: "ZENDPOINT" }],
    });
  });

  it("admits whoever manages clusters to the API's port, and nobody else", async () => {
    const rules = (await build()).of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(rules.map(({ inputs }) => inputs)).toEqual([
      expect.objectContaining({ referencedSecurityGroupId: "sg-nodes", fromPort: 443, toPort: 443 }),
    ]);
  });

  it("shows the same resources in a first preview, when nothing is known yet", async () => {
    expect(names(await build(true))).toEqual(names(await build()));
  });
});
