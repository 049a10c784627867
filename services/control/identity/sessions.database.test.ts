/** What a person shows after they have signed in: a code, refresh tokens, and their ends. */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Decision } from "../../../gen/biplane/audit/v1/audit_pb.js";
import { form, issuer, type PeopleWorld, redirectUri, startPeopleWorld } from "../../testing/people-world.ts";

let people: PeopleWorld;
beforeAll(async () => {
  people = await startPeopleWorld();
});
afterAll(() => people.stop());

describe("a code", () => {
  it("is of use once; again, it ends what came of it", async () => {
    const { code, verifier } = await people.codeFor("ann");
    const first = await people.exchangeCode(code, verifier);
    expect(await people.projects(first.access_token)).toBe("ok");
    expect(await people.exchangeCode(code, verifier)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect(await people.refresh(first.refresh_token)).toMatchObject({ status: 400, error: "invalid_grant" });
    await people.overSoon(first.access_token);
  });

  it("is spent by a wrong verifier", async () => {
    const { code, verifier } = await people.codeFor("ann");
    expect(await people.exchangeCode(code, "w".repeat(43))).toMatchObject({ error: "invalid_grant" });
    expect(await people.exchangeCode(code, verifier)).toMatchObject({ error: "invalid_grant" });
  });

  it("is exchanged by one of many that try at the same time, whose session then ends", async () => {
    const { code, verifier } = await people.codeFor("ann");
    const answers = await Promise.all(Array.from({ length: 5 }, () => people.exchangeCode(code, verifier)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const won = answers.find(({ status }) => status === 200);
    expect(await people.refresh(won?.refresh_token ?? "")).toMatchObject({ error: "invalid_grant" });
  });

  it("is over after a minute, and is for the client's own address", async () => {
    const { code, verifier } = await people.codeFor("ann");
    const fields = { grant_type: "authorization_code", code, code_verifier: verifier };
    expect(await people.token({ ...fields, redirect_uri: "http://localhost:1/" })).toMatchObject({
      error: "invalid_grant",
    });
    expect(await people.token({ ...fields, redirect_uri: redirectUri, client_id: "x" })).toMatchObject({
      error: "invalid_client",
    });
    await later("code", "61 seconds");
    expect(await people.exchangeCode(code, verifier)).toMatchObject({ error: "invalid_grant" });
  });
});

/** Moves everything of acme's secrets of a kind into the past. */
async function later(kind: string, by: string) {
  await people.region.store.database.withOrg("acme", (transaction) =>
    transaction.query(
      `update biplane.session_secrets set expires_at = expires_at - $2::interval, used_at = used_at - $2::interval
       where org = 'acme' and kind = $1`,
      [kind, by],
    ),
  );
}

describe("a refresh token", () => {
  it("is replaced by each use, within the same session", async () => {
    const first = await people.signedIn("ann");
    const second = await people.refresh(first.refresh_token);
    expect(second).toMatchObject({ status: 200, expires_in: 900 });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(decodeJwt(second.access_token).sid).toBe(decodeJwt(first.access_token).sid);
    expect(await people.projects(second.access_token)).toBe("ok");
  });

  it("is taken from both halves of a client within a minute, and ends the session after it", async () => {
    const first = await people.signedIn("ann");
    const [unary, stream] = [await people.refresh(first.refresh_token), await people.refresh(first.refresh_token)];
    expect([unary.status, stream.status]).toEqual([200, 200]);
    await later("refresh", "61 seconds");
    expect(await people.refresh(first.refresh_token)).toMatchObject({ error: "invalid_grant" });
    expect(await people.refresh(unary.refresh_token)).toMatchObject({ error: "invalid_grant" });
    await people.overSoon(stream.access_token);
    const records = await people.auditOf("ann");
    expect(records).toContainEqual(["sign-in/Replay", Decision.DENIED, "refresh"]);
  });

  it("is no code, and a code is no refresh token", async () => {
    const { code } = await people.codeFor("ann");
    expect(await people.refresh(code)).toMatchObject({ error: "invalid_grant" });
    const { refresh_token } = await people.signedIn("ann");
    expect(await people.exchangeCode(refresh_token, "v".repeat(43))).toMatchObject({ error: "invalid_grant" });
    expect(await people.refresh(refresh_token)).toMatchObject({ status: 200 });
  });

  it("ends with its session", async () => {
    const { refresh_token, access_token } = await people.signedIn("ann");
    await people.region.store.database.withOrg("acme", (transaction) =>
      transaction.query("update biplane.sessions set expires_at = now() where org = 'acme' and session_id = $1", [
        decodeJwt(access_token).sid,
      ]),
    );
    expect(await people.refresh(refresh_token)).toMatchObject({ error: "invalid_grant" });
    await people.overSoon(access_token);
  });
});

describe("signing out", () => {
  const revoke = async (value: string, clientId = "biplane-cli") => {
    const body = new URLSearchParams({ token: value, client_id: clientId }).toString();
    return (await people.site(`${issuer}/oauth2/v1/revoke`, { method: "POST", headers: form, body })).status;
  };

  it.each(["refresh_token", "access_token"] as const)("by the %s ends both, for everybody, in seconds", async (by) => {
    const vic = await people.signedIn("vic");
    expect(await people.projects(vic.access_token)).toBe("ok");
    expect(await revoke(vic[by], "another")).toBe(401);
    expect(await revoke(vic[by])).toBe(200);
    expect(await people.refresh(vic.refresh_token)).toMatchObject({ error: "invalid_grant" });
    await people.overSoon(vic.access_token);
    expect(await people.auditOf("vic")).toContainEqual(["sign-in/End", Decision.ALLOWED, expect.any(String)]);
  });

  it("leaves another session of the same person alone, and answers alike what is no token", async () => {
    const [one, other] = [await people.signedIn("vic"), await people.signedIn("vic")];
    expect(await revoke(one.refresh_token)).toBe(200);
    expect(await revoke("no token of anybody")).toBe(200);
    expect(await revoke("a.b.c")).toBe(200);
    expect(await people.refresh(other.refresh_token)).toMatchObject({ status: 200 });
  });
});
