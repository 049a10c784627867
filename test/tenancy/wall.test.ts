/** The wall between organisations and between roles, tried at the edge by the identities of `./biplane env --json`. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { DescMethod } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { decodeJwt, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditService, Decision } from "../../gen/biplane/audit/v1/audit_pb.js";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { passes, requestFor, withoutOrg } from "../../services/testing/matrix.ts";
import { closed, nameOf, probe } from "../../services/testing/public-methods.ts";
import { containerRun, runIdOf } from "../support/container-run.ts";
import { evidenceFor } from "../support/evidence.ts";
import { bearer, edge, signedIn } from "../support/identities.ts";
import { environment } from "../support/local-run.ts";

const { proves } = evidenceFor("tenancy/wall");
const { org, project, domain } = environment;
const stranger = environment.identities.find((one) => one.org !== org)?.org ?? "";
const transport = edge();
const runs = createClient(RunService, transport);
const run = `wall-${randomBytes(6).toString("hex")}`;
const runId = runIdOf(run);
const walls = ["Unauthenticated", "PermissionDenied"];

type Headers = Record<string, string>;
let own: { admin: Headers; contributor: Headers; viewer: Headers };
let foreign: { admin: Headers };

beforeAll(async () => {
  own = {
    admin: await signedIn(org, "admin"),
    contributor: await signedIn(org, "contributor"),
    viewer: await signedIn(org, "viewer"),
  };
  foreign = { admin: await signedIn(stranger, "admin") };
  await runs.createRun(containerRun(run), { headers: own.contributor });
});
afterAll(() => runs.abortRun({ runId }, { headers: own.contributor }));

const at = (name: string, place: { org?: string; project?: string } = {}) => ({ org, project, domain, name, ...place });

async function codes(methods: DescMethod[], place: ReturnType<typeof at>, headers: Headers) {
  const answers: Record<string, string> = {};
  for (const method of methods) {
    answers[nameOf(method)] = (await probe(transport, { method, message: requestFor(method, place), headers })).code;
  }
  return answers;
}

const every = (methods: DescMethod[], code: string) => Object.fromEntries(methods.map((one) => [nameOf(one), code]));
const may = (method: DescMethod, person: "viewer" | "contributor") => passes[nameOf(method)]?.includes(person) === true;

describe("another organisation's administrator", () => {
  const naming = closed.filter(({ parent }) => !withoutOrg.includes(parent.name));

  it("is denied by every RPC that can name this one, told the same of what is there and what is not, and recorded", async () => {
    proves(
      ["tenant-no-cross-customer-access", "tenant-cross-org-denied"],
      "this organisation's own viewer, given to the same judgement, is not denied",
    );
    const began = new Date();
    const absent = `wall-${randomBytes(6).toString("hex")}`;
    for (const method of naming) {
      const [there, never] = await Promise.all(
        [run, absent].map((name) =>
          probe(transport, { method, message: requestFor(method, at(name)), headers: foreign.admin }),
        ),
      );
      expect([nameOf(method), there?.code]).toEqual([nameOf(method), "PermissionDenied"]);
      expect(there, nameOf(method)).toEqual(never);
    }
    const seen = await probe(transport, {
      method: RunService.method.getRunDetails,
      message: requestFor(RunService.method.getRunDetails, at(run)),
      headers: own.viewer,
    });
    expect(seen.code).toBe("Ok");
    const { records } = await createClient(AuditService, transport).listRecords(
      { operation: "flyteidl2.workflow.RunService/GetRunDetails", decision: Decision.DENIED },
      { headers: foreign.admin },
    );
    const mine = records.filter(({ resource }) => resource === `${project}/${domain}/${run}`);
    expect(mine.length).toBe(1);
    expect(Number(mine[0]?.at?.seconds)).toBeGreaterThanOrEqual(Math.floor(began.getTime() / 1000) - 5);
  });

  it("is shown its own organisation's runs whatever a header says, and none of this one's", async () => {
    proves(["tenant-query-gated-by-token-org"], "this organisation's own viewer finds the run by the same question");
    const listed = async (headers: Headers) => {
      const more = { "x-biplane-org": org, "x-org": org, "biplane-org": org };
      const asked = { request: { limit: 1000 }, scopeBy: { case: "org" as const, value: "" } };
      const { runs: found } = await runs.listRuns(asked, { headers: { ...headers, ...more } });
      return found.map(({ action }) => action?.id?.run);
    };
    expect((await listed(own.viewer)).map((one) => one?.name)).toContain(run);
    expect((await listed(foreign.admin)).filter((one) => one?.org !== stranger || one.name === run)).toEqual([]);
  });
});

describe("a caller without a good token", () => {
  const claims = { org, role: "admin", kind: "application", sub: `${org}-admin` };
  const home = `https://${environment.endpoint}`;
  const forged = () =>
    new UnsecuredJWT(claims).setIssuer(home).setAudience(home).setIssuedAt().setExpirationTime("5m").encode();
  /** By a key of its own; who it says has issued it is a claim like any other. */
  const signedBy = async (issuer: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: "own" })
      .setIssuer(issuer)
      .setAudience(home)
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  /** The caller's own good token, which says another organisation. */
  const moved = () => {
    const token = foreign.admin.authorization?.replace("Bearer ", "") ?? "";
    const [header, , signature] = token.split(".");
    const payload = Buffer.from(JSON.stringify({ ...decodeJwt(token), org })).toString("base64url");
    return `${header}.${payload}.${signature}`;
  };
  const cases: [string, () => Headers | Promise<Headers>][] = [
    ["none", () => ({})],
    ["a password", () => ({ authorization: `Basic ${btoa(`${org}-admin:secret`)}` })],
    ["alg none", () => bearer(forged())],
    ["another issuer", async () => bearer(await signedBy("https://login.stranger.test"))],
    ["this issuer, and a key of its own", async () => bearer(await signedBy(home))],
    ["a good token's, with another organisation in it", () => bearer(moved())],
    [
      "another signature",
      () => ({ authorization: own.admin.authorization?.replace(/\.[^.]+$/, `.${"A".repeat(86)}`) ?? "" }),
    ],
  ];
  it.each(cases)("(%s) is refused by every RPC but discovery and registration", async (_what, headers) => {
    proves(
      ["rbac-every-request-authenticated", "authn-three-methods-only", "tenant-org-from-oidc-token"],
      "with a good token the same judgement finds calls that are answered",
    );
    expect(await codes(closed, at(run), await headers())).toEqual(every(closed, "Unauthenticated"));
    const asViewer = await codes([RunService.method.getRunDetails], at(run), own.viewer);
    expect(Object.values(asViewer)).toEqual(["Ok"]);
  });
});

describe("a role", () => {
  it("of viewer reads, and changes nothing", async () => {
    proves(
      ["rbac-viewer-can-read", "rbac-viewer-cannot-write", "rbac-enforced-service-layer"],
      "the contributor, given to the same judgement, is not denied to start a run",
    );
    const denied = closed.filter((method) => !may(method, "viewer"));
    expect(await codes(denied, at(run), own.viewer)).toEqual(every(denied, "PermissionDenied"));
    const reading = closed.filter((method) => may(method, "viewer") && method.parent.name !== "ApiKeyService");
    const answers = await codes(reading, at(run), own.viewer);
    expect(Object.entries(answers).filter(([, code]) => walls.includes(code))).toEqual([]);
    expect(answers["flyteidl2.workflow.RunService/GetRunDetails"]).toBe("Ok");
    const start = { method: RunService.method.createRun, headers: own.contributor };
    const message = requestFor(RunService.method.createRun, at(run));
    expect(walls).not.toContain((await probe(transport, { ...start, message })).code);
  });

  it("of contributor ends at the projects that it was given, and manages nobody", async () => {
    proves(["rbac-contributor-project-bound"], "in its own project the same judgement finds it allowed");
    const managing = closed.filter((method) => !may(method, "contributor"));
    expect(await codes(managing, at(run), own.contributor)).toEqual(every(managing, "PermissionDenied"));
    const working = [RunService.method.createRun, RunService.method.abortRun, RunService.method.getRunDetails];
    const elsewhere = at("never", { project: `${project}-2` });
    expect(await codes(working, elsewhere, own.contributor)).toEqual(every(working, "PermissionDenied"));
    const here = await codes(working, at("never"), own.contributor);
    expect(Object.values(here).filter((code) => walls.includes(code))).toEqual([]);
  });
});
