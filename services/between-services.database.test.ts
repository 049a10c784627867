/** What passes between services: whose word each call carries, and what of the inside nobody outside can call. */
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { AppDirectoryService } from "../gen/biplane/apps/v1/apps_pb.js";
import { AuditSinkService } from "../gen/biplane/audit/v1/audit_pb.js";
import { ClusterLinkService, PlacementService } from "../gen/biplane/cluster/v1/registration_pb.js";
import { ObjectStoreService } from "../gen/biplane/objectstore/v1/object_store_pb.js";
import { AuthorizerService } from "../gen/biplane/policy/v1/policy_pb.js";
import { ProjectDirectoryService } from "../gen/biplane/projects/v1/projects_pb.js";
import { ExecutorQueueService } from "../gen/biplane/queue/v1/queue_pb.js";
import { DataProxyService } from "../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { evidenceFor, ofRegion } from "../test/support/evidence.ts";
import { type Backend, publicServices, routeOf } from "./control/gateway/routes.ts";
import { statementHeader } from "./shared/auth/caller.ts";
import { tokenOf } from "./testing/link-caller.ts";
import { type LinkWorld, startLinkWorld } from "./testing/link-world.ts";
import { requestFor } from "./testing/matrix.ts";
import { closed, nameOf, probe } from "./testing/public-methods.ts";
import { type RegionWorld, startRegionWorld } from "./testing/region-world.ts";
import type { Hop } from "./testing/watched-calls.ts";

const { proves } = evidenceFor("services/between-services", ofRegion);
const hops: Hop[] = [];
const hop = (one: Hop) => void hops.push(one);
const place = (org: string) => ({ org, project: "demo", domain: "development", name: "hello" });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** The organisation that the caller's own verified token names; "none" of a call that carries no token. */
const orgOf = ({ authorization = "" }: Hop) =>
  authorization.startsWith("Bearer ") ? decodeJwt(authorization.slice("Bearer ".length)).org : "none";

beforeEach(() => {
  hops.length = 0;
});

describe("within the region", () => {
  let world: RegionWorld;
  const tokens = { acme: "", globex: "" };
  /** Services that the gateway does not show, and who answers them. */
  const inside: [DescService, Backend][] = [
    [AuthorizerService, "identity"],
    [AuditSinkService, "identity"],
    [ClusterLinkService, "cluster"],
    [PlacementService, "cluster"],
    [ExecutorQueueService, "actions"],
    [ProjectDirectoryService, "actions"],
    [AppDirectoryService, "actions"],
  ];
  const all: [DescMethod, Backend][] = [
    ...inside.flatMap(([{ methods }, of]) => methods.map((method): [DescMethod, Backend] => [method, of])),
    ...closed.map((method): [DescMethod, Backend] => {
      const backend = routeOf(`/${method.parent.typeName}/${method.name}`)?.backend;
      if (!backend) throw new Error(`nobody answers ${nameOf(method)}`);
      return [method, backend];
    }),
  ];

  beforeAll(async () => {
    world = await startRegionWorld({ hop });
    for (const org of ["acme", "globex"] as const) tokens[org] = await world.signIn(`${org}-admin`);
  });
  afterAll(() => world.stop());

  it("every call that a public one brings about carries its caller's organisation, in a header and signed", async () => {
    proves(
      ["tenant-s2s-carries-org", "tenant-org-in-request-headers"],
      "a call of the same services without a token, given to the same judgement, is found to carry none",
    );
    for (const org of ["acme", "globex"] as const) {
      hops.length = 0;
      const forged = { "x-biplane-org": "initech", "x-org": "initech", "x-biplane-cluster": "initech/main" };
      for (const method of closed) {
        const message = requestFor(method, place(org));
        await probe(world.transport, { method, message, headers: { ...bearer(tokens[org]), ...forged } });
      }
      expect(new Set(hops.map(({ service }) => service))).toEqual(
        new Set(["identity", "runs", "actions", "cluster", "dataproxy"]),
      );
      expect(hops.length).toBeGreaterThan(closed.length);
      expect(new Set(hops.map(orgOf))).toEqual(new Set([org]));
    }
    hops.length = 0;
    await createClient(AuthorizerService, world.inside.identity)
      .resolve({})
      .catch(() => undefined);
    expect(hops.map(orgOf)).toEqual(["none"]);
  });

  it("no service answers a neighbour that brings nobody's token", async () => {
    proves(
      ["tenant-s2s-carries-org", "tenant-no-internal-cross-org-path"],
      "with a token the same calls, given to the same judgement, are not all refused for want of one",
    );
    const codes = async (headers: Record<string, string>) => {
      const found: Record<string, string> = {};
      for (const [method, backend] of all) {
        const asked = { method, message: requestFor(method, place("acme")), headers };
        found[nameOf(method)] = (await probe(world.inside[backend], asked)).code;
      }
      return found;
    };
    const refused = Object.fromEntries(all.map(([method]) => [nameOf(method), "Unauthenticated"]));
    expect(await codes({})).toEqual(refused);
    expect(await codes({ "x-biplane-org": "acme", "x-biplane-cluster": "acme/main" })).toEqual(refused);
    const answered = Object.values(await codes(bearer(tokens.acme)));
    expect(answered).not.toContain("Unauthenticated");
    expect(answered).toContain("Ok");
  });
});

describe("from the region into a compute plane", () => {
  let world: LinkWorld;
  let edge: Transport;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    world = await startLinkWorld({ hop });
    edge = createConnectTransport({ httpVersion: "2", baseUrl: `https://${world.gatewayHost}` });
    for (const who of ["admin", "viewer", "stranger"] as const) tokens[who] = await tokenOf(world, who);
    await world.startTunnel();
    await vi.waitFor(() => upload(), { timeout: 60_000, interval: 100 });
  });
  afterAll(() => world.stop());

  const data = () => createClient(DataProxyService, edge);
  const asked = { org: "acme", project: "demo", domain: "development", filename: "x", contentMd5: new Uint8Array(16) };
  async function upload(more: Record<string, string> = {}, token = tokens.admin ?? "") {
    const { signedUrl } = await data().createUploadLocation(asked, { headers: { ...bearer(token), ...more } });
    return signedUrl;
  }
  /** Calls in the name of a person or an application; compute planes call all the time. */
  const ofCallers = () => hops.filter((one) => decodeJwt(one.authorization?.slice(7) ?? "").kind !== "cluster");

  it("the organisation goes the whole way in the caller's own token, whatever else the caller sends", async () => {
    proves(
      ["tenant-org-in-request-headers", "tenant-s2s-carries-org"],
      "another organisation's token, sent the same way with the same headers, is known for another's at every hop",
    );
    const forged = {
      "x-biplane-org": "globex",
      "x-biplane-cluster": "globex/main",
      [statementHeader]: "forged",
      "biplane-org": "globex",
    };
    expect(await upload(forged)).toContain("by=acme-admin");
    expect(ofCallers().map(({ service }) => service)).toEqual(expect.arrayContaining(["dataproxy", "plane"]));
    expect(new Set(hops.map(orgOf))).toEqual(new Set(["acme"]));

    hops.length = 0;
    const acmes = { ...forged, "x-biplane-org": "acme", "x-biplane-cluster": "acme/main" };
    await expect(upload(acmes, tokens.stranger)).rejects.toMatchObject({ code: Code.PermissionDenied });
    expect(ofCallers().length).toBeGreaterThan(0);
    expect(new Set(ofCallers().map(orgOf))).toEqual(new Set(["globex"]));
  });

  it("a call that is denied in the region comes to no plane, and so to no object store", async () => {
    proves(["rbac-authorized-before-data-access"], "the same call of who may is heard at the plane");
    const heardAtPlane = async (token = "") => {
      hops.length = 0;
      const code = await upload({}, token).then(
        () => "Ok",
        ({ code: of }: { code: Code }) => Code[of],
      );
      return [code, hops.filter(({ service }) => service === "plane").length];
    };
    expect(await heardAtPlane(tokens.viewer)).toEqual(["PermissionDenied", 0]);
    expect(await heardAtPlane(tokens.stranger)).toEqual(["PermissionDenied", 0]);
    expect(await heardAtPlane("x.y.z")).toEqual(["Unauthenticated", 0]);
    expect(await heardAtPlane(tokens.admin)).toEqual(["Ok", 1]);
  });

  it("the object store's operations are there, and whole objects are read and written by the inside alone", async () => {
    proves(
      ["objstore-operations"],
      "the operations that are public, asked at the same address by the same caller, are answered",
    );
    expect(ObjectStoreService.methods.map(({ name }) => name).sort()).toEqual([
      "GetObject",
      "PutInputs",
      "SignDownload",
      "SignUpload",
    ]);
    expect(publicServices()).not.toContain(ObjectStoreService.typeName);
    for (const method of ObjectStoreService.methods) {
      const call = { method, message: requestFor(method, place("acme")), headers: bearer(tokens.admin ?? "") };
      expect([method.name, (await probe(edge, call)).code]).toEqual([method.name, "Unimplemented"]);
    }
    expect(hops.filter(({ service }) => service === "plane")).toEqual([]);
    expect(await upload()).toMatch(/^https:/);
    const actionId = { name: "a0", run: { ...place("acme"), name: "r" } };
    const got = await data().getActionData({ actionId }, { headers: bearer(tokens.admin ?? "") });
    expect(got.inputs?.literals[0]?.name).toBe("x");
    expect(hops.filter(({ service }) => service === "plane").length).toBeGreaterThan(1);
  });
});
