import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";
import { network } from "../../sandbox/hosts.ts";
import { customerIngressRules, tcpProbe, tcpProbes } from "../../sandbox/network/index.ts";
import { enterNetwork } from "../../sandbox/network/namespace.ts";
import { connectionsOf } from "../support/connections.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment } from "../support/local-run.ts";

const { customer, cloud, edge, region } = network.hosts;
const { proves } = evidenceFor("network/one-way");
const apiServer = 6443;
/** Of the relay's pods. */
const relayPort = 8443;
const everyPort = Array.from({ length: 65_535 }, (_, index) => ({ address: customer.address, port: index + 1 }));

const inCustomer = (input: string) => {
  const [command = "", ...args] = enterNetwork(customer.namespace);
  return execa(command, [...args, "nft", "-f", "-"], { input });
};

// Around a given cluster there is no network of ours: nothing that is seen there would be evidence.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");

describe.skipIf(!ours)("the customer's network", () => {
  afterAll(() => inCustomer(customerIngressRules()));

  it("is dialled from nowhere: no TCP port answers region, edge or cloud", async () => {
    proves(
      ["net-tunnel-outbound-only"],
      "the customer's nftables rules are removed: the API server answers the region",
    );
    for (const { namespace } of [region, edge, cloud]) {
      const outcomes = await tcpProbes(namespace, everyPort);
      const open = everyPort.filter((_, index) => outcomes[index] === "connected").map(({ port }) => port);
      expect(open, `ports open towards ${namespace}`).toEqual([]);
    }
    // The sabotage: the same probe without the rules reaches a listener that was there all the time.
    await inCustomer("delete table inet biplane");
    expect(await tcpProbe(region.namespace, customer.address, apiServer)).toBe("connected");
    await inCustomer(customerIngressRules());
    expect(await tcpProbe(region.namespace, customer.address, apiServer)).toBe("refused");
  });

  it("dials out: the same probe connects the other way", async () => {
    expect(await tcpProbe(customer.namespace, network.relayFront, 443)).toBe("connected");
    expect(await tcpProbe(customer.namespace, edge.address, 443)).toBe("connected");
    expect(await tcpProbe(customer.namespace, cloud.address, 443)).toBe("connected");
  });

  it("has two channels to its region, tunnels and calls, all of which its own end opened", async () => {
    proves(["both-channels-outbound"], "the relay's end of the same connections is judged to have taken them");
    const outsiders: string[] = [region.address, edge.address, cloud.address, network.relayFront];
    const ofTunnel = () => connectionsOf("tunnel").filter(({ peer }) => outsiders.includes(peer));
    const toRelay = () => ofTunnel().filter(({ peer, peerPort }) => peer === network.relayFront && peerPort === 443);
    // Two tunnels, on which the region asks, and one connection on which the plane does.
    await expect.poll(() => toRelay().length, { timeout: 60_000 }).toBeGreaterThanOrEqual(3);
    expect(ofTunnel().filter(({ way }) => way === "taken")).toEqual([]);
    const atRelay = connectionsOf("relay").filter(({ localPort }) => localPort === relayPort);
    expect(atRelay.length).toBeGreaterThanOrEqual(3);
    expect(atRelay.filter(({ way }) => way === "opened")).toEqual([]);
  });

  it("lets the machine, as the far end of PrivateLink, reach the API server and nothing else", async () => {
    expect(await tcpProbe(undefined, customer.address, apiServer)).toBe("connected");
    expect(await tcpProbe(undefined, customer.address, 10_250)).toBe("refused");
  });
});
