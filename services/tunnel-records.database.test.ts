/** What the records of an organisation say of its compute plane: that it joined, and when its tunnel came and went. */
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditService } from "../gen/biplane/audit/v1/audit_pb.js";
import {
  ClusterAdminService,
  RecordTunnelRequest_Change,
  RegistrationService,
  TunnelRecordService,
} from "../gen/biplane/cluster/v1/registration_pb.js";
import { evidenceFor, ofRegion } from "../test/support/evidence.ts";
import { upstream } from "./shared/client.ts";
import { codeOf } from "./shared/testing/code-of.ts";
import { tokenOf } from "./testing/link-caller.ts";
import { type LinkWorld, startLinkWorld, type Tunnel } from "./testing/link-world.ts";

const { proves } = evidenceFor("services/tunnel-records", ofRegion);
const soon = { timeout: 60_000, interval: 100 };
const opened = `${TunnelRecordService.typeName}/Opened`;
const closed = `${TunnelRecordService.typeName}/Closed`;

let world: LinkWorld;
let edge: Transport;
let tunnel: Tunnel;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  world = await startLinkWorld();
  edge = createConnectTransport({ httpVersion: "2", baseUrl: `https://${world.gatewayHost}` });
  for (const who of ["admin", "viewer", "stranger"] as const) tokens[who] = await tokenOf(world, who);
  tunnel = await world.startTunnel();
});
afterAll(() => world.stop());

const as = (name: string) => ({ headers: { authorization: `Bearer ${tokens[name]}` } });

/** Of the plane, the oldest first. */
async function records(who = "admin") {
  const { records: all } = await createClient(AuditService, edge).listRecords({ limit: 1000 }, as(who));
  return all.filter(({ subjectKind, resource }) => subjectKind === "cluster" || resource === "main").reverse();
}
const operations = async () => (await records()).map(({ operation }) => operation);
const openNow = async () => {
  const all = await operations();
  return all.filter((one) => one === opened).length - all.filter((one) => one === closed).length;
};

describe("the records of an organisation", () => {
  it("say that its plane has joined and when its tunnel opened, was cut and came back, once each", async () => {
    proves(["audit-cluster-and-tunnel-events"], "before the cut the same question finds no tunnel that has closed");
    await expect.poll(openNow, soon).toBeGreaterThan(0);
    expect((await operations())[0]).toBe(`${RegistrationService.typeName}/Register`);
    const [tunnels, told] = [await openNow(), await operations()];
    expect(told).not.toContain(closed);
    world.network.cut();
    await expect.poll(operations, soon).toContain(closed);
    await expect.poll(openNow, soon).toBe(tunnels);
    expect((await operations()).slice(0, told.length)).toEqual(told);
    for (const { subject, at, requestId } of await records()) {
      expect([subject, requestId]).toEqual(["main", expect.stringMatching(/./)]);
      expect(Number(at?.seconds)).toBeGreaterThan(0);
    }
    expect(await records("stranger")).toEqual([]);
  });

  it("are not written by the plane itself, nor by anybody outside", async () => {
    const before = (await operations()).length;
    const forged = { change: RecordTunnelRequest_Change.CLOSED };
    const byPlane = createClient(TunnelRecordService, upstream(tunnel.url).transport);
    expect(await codeOf(byPlane.recordTunnel(forged))).toBe("Unimplemented");
    expect(await codeOf(createClient(TunnelRecordService, edge).recordTunnel(forged, as("admin")))).toBe(
      "Unimplemented",
    );
    expect((await operations()).length).toBe(before);
  });

  it("say who put the plane out of use", async () => {
    await createClient(ClusterAdminService, edge).revokeCluster({ cluster: "main" }, as("admin"));
    const last = (await records()).findLast(({ operation }) => operation.endsWith("/RevokeCluster"));
    expect([last?.subject, last?.resource]).toEqual(["acme-admin", "main"]);
  });
});
