/** A device that has no browser is signed in by a person who has one. */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Decision } from "../../../gen/biplane/audit/v1/audit_pb.js";
import { form, issuer, type PeopleWorld, passLogin, startPeopleWorld } from "../../testing/people-world.ts";
import { challengeOf } from "./session-rules.ts";

let people: PeopleWorld;
beforeAll(async () => {
  people = await startPeopleWorld();
});
afterAll(() => people.stop());

describe("signing a device in", () => {
  interface Device {
    device_code: string;
    user_code: string;
    verification_uri: string;
    verification_uri_complete: string;
    interval: number;
    expires_in: number;
  }
  const begin = async (by = people.fresh()) => {
    const body = `client_id=biplane-cli&scope=all&audience=${encodeURIComponent(issuer)}`;
    const answer = await by(`${issuer}/oauth2/v1/device_authorization`, { method: "POST", headers: form, body });
    return { status: answer.status, ...((await answer.json()) as Device) };
  };
  const poll = ({ device_code }: Device) =>
    people.token({ grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code });
  /** As if the device had waited. */
  const waited = ({ device_code }: Device, seconds: number) => change(device_code, "polled_at", seconds);
  const change = (deviceCode: string, column: "polled_at" | "expires_at", seconds: number) =>
    people.region.store.database.withSettings({ "biplane.secret": hashOf(deviceCode).toString("hex") }, (transaction) =>
      transaction.query(`update biplane.device_requests set ${column} = ${column} - make_interval(secs => $1)`, [
        seconds,
      ]),
    );
  const enter = async (device: Device, who: string, by = people.fresh()) => {
    const visitor = people.browser(by);
    const asked = await visitor.open(device.verification_uri_complete);
    const page = await visitor.submit(asked, { user_code: device.user_code.toLowerCase().replace("-", " ") });
    return { visitor, page: await passLogin(visitor, page, who) };
  };

  it("asks the person, shows the code again, and gives the device a session once", async () => {
    const device = await begin();
    expect(device).toMatchObject({ status: 200, expires_in: 600, interval: 5 });
    expect(device.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(await poll(device)).toMatchObject({ status: 400, error: "authorization_pending" });
    const { visitor, page } = await enter(device, "ann");
    for (const text of [device.user_code, "ann@acme.test", "acme"]) expect(page.text).toContain(text);
    await waited(device, 5);
    expect(await poll(device)).toMatchObject({ error: "authorization_pending" });
    expect((await visitor.submit(page, { decision: "approve" })).text).toContain("Your device is signed in");
    const ann = await poll(device);
    expect(ann).toMatchObject({ status: 200, expires_in: 900 });
    expect(decodeJwt(ann.access_token)).toMatchObject({ sub: "ann@acme.test", org: "acme", role: "admin" });
    expect(await people.projects(ann.access_token)).toBe("ok");
    expect(await people.refresh(ann.refresh_token)).toMatchObject({ status: 200 });
    expect(await poll(device)).toMatchObject({ error: "invalid_grant" });
    await people.overSoon(ann.access_token);
    expect(await people.auditOf("ann")).toContainEqual(["sign-in/Begin", Decision.ALLOWED, "device"]);
  });

  it("tells a device that asks too often to slow down, and means it", async () => {
    const device = await begin();
    expect(await poll(device)).toMatchObject({ error: "authorization_pending" });
    // Early whatever the machine does between two questions; each costs five seconds more.
    for (let early = 0; early < 20; early++) {
      await waited(device, -60);
      expect(await poll(device)).toMatchObject({ error: "slow_down" });
    }
    await waited(device, 45);
    expect(await poll(device)).toMatchObject({ error: "slow_down" });
    await waited(device, 110);
    expect(await poll(device)).toMatchObject({ error: "authorization_pending" });
  });

  it("tells a device that it was denied, or that nobody came", async () => {
    const denied = await begin();
    const { visitor, page } = await enter(denied, "vic");
    expect((await visitor.submit(page, { decision: "deny" })).text).toContain("was not signed in");
    expect(await poll(denied)).toMatchObject({ error: "access_denied" });
    const late = await begin();
    await change(late.device_code, "expires_at", 601);
    expect(await poll(late)).toMatchObject({ error: "expired_token" });
    expect(await poll({ ...late, device_code: "never given" })).toMatchObject({ error: "invalid_grant" });
  });

  it("is decided about once, and not by a form of another site", async () => {
    const device = await begin();
    const { visitor, page } = await enter(device, "ann");
    const other = await enter(device, "gus");
    const stranger = people.browser();
    expect((await stranger.submit(page, { decision: "approve" })).status).toBe(400);
    expect((await visitor.submit(page, { decision: "approve" })).status).toBe(200);
    expect((await other.visitor.submit(other.page, { decision: "approve" })).status).toBe(409);
    expect(decodeJwt((await poll(device)).access_token)).toMatchObject({ org: "acme" });
  });

  it("throttles whoever guesses codes, from where they come", async () => {
    const guesser = people.fresh();
    const device = await begin();
    const visitor = people.browser(guesser);
    const asked = await visitor.open(`${issuer}/oauth2/v1/device`);
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess++) {
      statuses.push((await visitor.submit(asked, { user_code: "BBBB-BBBB" })).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 400), 429, 429]);
    expect((await visitor.submit(asked, { user_code: device.user_code })).status).toBe(429);
    expect((await enter(device, "ann")).page.text).toContain("Approve");
  });

  it("gives no more codes than anybody needs, from where they come", async () => {
    const greedy = people.fresh();
    const statuses = [];
    for (let count = 0; count < 31; count++) statuses.push((await begin(greedy)).status);
    expect(statuses.slice(-2)).toEqual([200, 429]);
  });

  const hashOf = (text: string) => Buffer.from(challengeOf(text), "base64url");
});
