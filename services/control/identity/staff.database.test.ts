/** The region's staff sign in as people do, and are in an organisation only while it lets them in. */
import { createClient } from "@connectrpc/connect";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuditService, Decision } from "../../../gen/biplane/audit/v1/audit_pb.js";
import { ApiKeyService, StaffAccessService } from "../../../gen/biplane/identity/v1/identity_pb.js";
import { PolicyService } from "../../../gen/biplane/policy/v1/policy_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { codeOf } from "../../shared/testing/code-of.ts";
import { authorizeUrl, bearer, type PeopleWorld, passLogin, startPeopleWorld } from "../../testing/people-world.ts";
import { challengeOf } from "./session-rules.ts";

const sam = "sam@biplane.test";
const verifier = "v".repeat(43);
const runId = { org: "acme", project: "demo", domain: "development", name: "hello" };

let people: PeopleWorld;
let admin: ReturnType<typeof bearer>;
beforeAll(async () => {
  people = await startPeopleWorld();
  admin = bearer((await people.signedIn("ann")).access_token);
});
afterAll(() => people.stop());

const access = () => createClient(StaffAccessService, people.region.transport);

async function grant(as = admin, more: { role?: string; hours?: number } = {}): Promise<string> {
  const request = { subject: "SAM@biplane.test", role: "support", hours: 1, reason: "a run that hangs", ...more };
  return (await access().grantStaffAccess(request, as)).grant?.grantId ?? "";
}

/** At the page that asks where to, or at a refusal. */
async function arrive() {
  const visitor = people.browser();
  const page = await visitor.open(authorizeUrl({ code_challenge: challengeOf(verifier) }));
  return { visitor, page: await passLogin(visitor, page, "sam") };
}

async function signedInBy(grantId: string) {
  const { visitor, page } = await arrive();
  const back = await visitor.submit(page, { grant: grantId });
  expect(back.status, back.text).toBe(0);
  return people.exchangeCode(back.url.searchParams.get("code") ?? "", verifier);
}

describe("staff", () => {
  it("are nobody where no organisation lets them in", async () => {
    const { page } = await arrive();
    expect([page.status, page.text]).toEqual([403, expect.stringContaining(`No organisation lets ${sam} in`)]);
  });

  it("see only who lets them in, and enter as that grant says, until it ends", async () => {
    const grantId = await grant(admin, { role: "operator", hours: 2 });
    const { page } = await arrive();
    expect(page.text).toContain("acme");
    expect(page.text).not.toContain("globex");
    const tokens = await signedInBy(grantId);
    const claims = { sub: sam, org: "acme", role: "none", kind: "staff" };
    expect(decodeJwt(tokens.access_token)).toMatchObject(claims);
    expect(await people.projects(tokens.access_token)).toBe("ok");
    expect(await people.refresh(tokens.refresh_token)).toMatchObject({ status: 200 });
    const [session] = await people.region.store.database.withOrg("acme", (transaction) =>
      transaction.query<{ ends: boolean }>(
        `select s.expires_at <= g.expires_at as ends from biplane.sessions s
         join biplane.staff_grants g on g.org = s.org and g.grant_id = s.grant_id where s.org = 'acme' and g.grant_id = $1`,
        [grantId],
      ),
    );
    expect(session).toEqual({ ends: true });
  });

  it("are not let into one organisation by the choice of another, nor by what was taken back meanwhile", async () => {
    const gus = bearer((await people.signedIn("gus")).access_token);
    const [acme, globex] = [await grant(), await grant(gus)];
    await access().revokeStaffAccess({ grantId: globex }, gus);
    const { visitor, page } = await arrive();
    expect((await visitor.submit(page, { grant: globex })).status).toBe(403);
    await access().revokeStaffAccess({ grantId: acme }, admin);
    expect((await visitor.submit(page, { grant: acme })).status).toBe(403);
    expect((await people.browser().submit(page, { grant: acme })).status).toBe(400);
  });

  it("read what runs and not what it reads, are recorded each time, and are out when it is taken back", async () => {
    const grantId = await grant();
    const tokens = await signedInBy(grantId);
    const runs = createClient(RunService, people.region.transport);
    const as = bearer(tokens.access_token);
    expect(await codeOf(runs.getRunDetails({ runId }, as))).toBe("ok");
    expect((await runs.listRuns({ scopeBy: { case: "org", value: "acme" } }, as)).runs).toHaveLength(1);
    expect(await codeOf(runs.getActionData({ actionId: { run: runId, name: "a0" } }, as))).toBe("PermissionDenied");
    expect(await codeOf(runs.abortRun({ runId }, as))).toBe("PermissionDenied");
    const keys = createClient(ApiKeyService, people.region.transport);
    expect(await codeOf(keys.createApiKey({ name: "mine" }, as))).toBe("PermissionDenied");
    expect(await codeOf(access().grantStaffAccess({ subject: sam, role: "operator", reason: "more" }, as))).toBe(
      "PermissionDenied",
    );

    const audit = createClient(AuditService, people.region.transport);
    const { records } = await audit.listRecords({ subject: sam }, admin);
    const told = records.map(({ operation, decision, subjectKind }) => [
      operation.split("/").slice(-1)[0],
      decision === Decision.ALLOWED,
      subjectKind,
    ]);
    expect(told.slice(0, 7).reverse()).toEqual([
      ["Begin", true, "staff"],
      ["GetRunDetails", true, "staff"],
      ["ListRuns", true, "staff"],
      ["GetActionData", false, "staff"],
      ["AbortRun", false, "staff"],
      ["CreateApiKey", false, "staff"],
      ["GrantStaffAccess", false, "staff"],
    ]);

    await access().revokeStaffAccess({ grantId }, admin);
    expect(await people.refresh(tokens.refresh_token)).toMatchObject({ error: "invalid_grant" });
    await people.overSoon(tokens.access_token);
    const { grants } = await access().listStaffGrants({}, admin);
    expect(grants.find((one) => one.grantId === grantId)).toMatchObject({
      ...{ subject: sam, role: "support", grantedBy: "ann@acme.test", reason: "a run that hangs" },
      revokedAt: expect.anything(),
    });
  });

  it("are not given more by a policy of their name: that is for a person of the organisation", async () => {
    const { access_token } = await signedInBy(await grant());
    const assignment = { policy: "admin", assignees: { users: [sam], applications: [] } };
    const documents = [{ document: { case: "assignment" as const, value: assignment } }];
    await createClient(PolicyService, people.region.transport).apply({ documents }, admin);
    const runs = createClient(RunService, people.region.transport);
    expect(await codeOf(runs.abortRun({ runId }, bearer(access_token)))).toBe("PermissionDenied");
  });

  it("are let in and out by administrators alone", async () => {
    const vic = bearer((await people.signedIn("vic")).access_token);
    expect(await codeOf(access().listStaffGrants({}, vic))).toBe("PermissionDenied");
    expect(await codeOf(access().grantStaffAccess({ subject: sam, role: "support", reason: "x" }, vic))).toBe(
      "PermissionDenied",
    );
    expect(await codeOf(access().revokeStaffAccess({ grantId: "none" }, admin))).toBe("NotFound");
  });

  it.each([
    [{ subject: "sam" }, /subject is "sam"; allowed: an e-mail address/],
    [{ role: "admin" }, /role is "admin"; allowed: support or operator/],
    [{ hours: 169 }, /hours is 169; allowed: 1 to 168/],
    [{ reason: "" }, /reason .*; allowed: 1 to 200 characters on one line/],
    [{ reason: "two\nlines" }, /reason .*on one line/],
  ])("are not let in by %j", async (change, told) => {
    const request = { subject: sam, role: "support", hours: 1, reason: "why", ...change };
    await expect(access().grantStaffAccess(request, admin)).rejects.toThrow(told);
  });
});
