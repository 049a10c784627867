/** People look at their region by a browser: the whole way to a session, and nothing of it by another. */
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { openBrowser } from "../../testing/browser.ts";
import {
  type accounts,
  form,
  issuer,
  type PeopleWorld,
  passLogin,
  startPeopleWorld,
} from "../../testing/people-world.ts";
import { insertRun } from "../store/runs.ts";
import { addChild, newRun } from "../store/testing/fixtures.ts";

const session = "__Host-biplane-console";
const demo = "/v2/domain/development/project/demo";
const hello = `${demo}/runs/hello`;

let people: PeopleWorld;
beforeAll(async () => {
  people = await startPeopleWorld();
});
afterAll(() => people.stop());

type Visitor = ReturnType<PeopleWorld["browser"]>;
const jarOf = (visitor: Visitor) => [...(visitor.cookies.get(issuer) ?? [])].map((pair) => pair.join("=")).join("; ");
/** One request, whose answer is not followed. */
const ask = (url: string | URL, cookie: string, more: RequestInit = {}) =>
  people.site(url, { ...more, headers: { ...Object.fromEntries(new Headers(more.headers)), cookie } });
const sessionsIn = (answer: Response) => answer.headers.getSetCookie().filter((line) => line.startsWith(`${session}=`));
const tokenOf = (visitor: Visitor) => visitor.cookies.get(issuer)?.get(session) ?? "";

/** Signed in at the provider and sent back to the console, which has not been asked yet. */
async function atReturn(who: keyof typeof accounts, wanted = "/") {
  const visitor = people.browser();
  const login = await visitor.open(issuer + wanted);
  const away = openBrowser({ [people.login.issuer]: people.login.fetch });
  for (const [origin, jar] of visitor.cookies) away.cookies.set(origin, new Map(jar));
  const callback = (await passLogin(away, login, who)).url;
  const answer = await ask(callback, jarOf(visitor));
  return { to: new URL(answer.headers.get("location") ?? ""), cookie: jarOf(visitor), answer };
}

async function signedIn(who: keyof typeof accounts, wanted = "/") {
  const visitor = people.browser();
  return { visitor, page: await passLogin(visitor, await visitor.open(issuer + wanted), who) };
}

const verifierIn = (cookie: string) => /console-sign-in-[0-9a-f]{16}=([\w-]{43})\./.exec(cookie)?.[1] ?? "";
const asConsole = (fields: Record<string, string>) => people.token({ client_id: "biplane-console", ...fields });
const exchange = (code: string, verifier: string) => {
  const redirect = { redirect_uri: `${issuer}/console/signed-in` };
  return asConsole({ grant_type: "authorization_code", code, code_verifier: verifier, ...redirect });
};

describe("a browser without a session", () => {
  it("is sent to the authorization endpoint, and from there to the configured provider, and nothing is shown", async () => {
    const sent = await ask(`${issuer}/`, "");
    const discovered = (await (await people.site(`${issuer}/.well-known/openid-configuration`)).json()) as Discovery;
    const to = new URL(sent.headers.get("location") ?? "");
    expect([sent.status, to.origin + to.pathname]).toEqual([302, discovered.authorization_endpoint]);
    expect(discovered.issuer).toBe(issuer);
    const visitor = people.browser();
    const page = await visitor.open(`${issuer}/`);
    const provider = await people.login.fetch(`${people.login.issuer}/.well-known/openid-configuration`);
    expect([page.status, page.url.origin]).toEqual([200, ((await provider.json()) as Discovery).issuer]);
    expect([...(visitor.cookies.get(issuer)?.keys() ?? [])]).not.toContain(session);
  });

  it("has a session only once its code is exchanged, in a cookie that no script reads and nobody hears", async () => {
    const { to, cookie, answer } = await atReturn("ann", `${demo}?after=`);
    expect(to.origin + to.pathname).toBe(`${issuer}/console/signed-in`);
    expect([answer.headers.getSetCookie().some((line) => line.startsWith(session)), cookie]).toEqual([
      ...[false, expect.not.stringContaining(`${session}=`)],
    ]);
    expect((await ask(issuer + demo, cookie)).status).toBe(302);
    const made = await ask(to, cookie);
    expect([made.status, made.headers.get("location")]).toEqual([303, `${demo}?after=`]);
    const [line = ""] = sessionsIn(made);
    expect(line).toMatch(/^__Host-biplane-console=[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=900$/);
    expect(decodeJwt(line.slice(session.length + 1).split(";")[0] ?? "")).toMatchObject({ sub: "ann@acme.test" });
    expect((await ask(issuer + demo, line.split(";")[0] ?? "")).status).toBe(200);
    expect(await people.auditOf("ann")).toContainEqual(["sign-in/Begin", expect.anything(), "console"]);
    // The code is over, and shown again it ends the session.
    expect([(await ask(to, cookie)).status, sessionsIn(await ask(to, cookie))]).toEqual([403, []]);
    await vi.waitFor(async () => expect((await ask(issuer + demo, line.split(";")[0] ?? "")).status).toBe(302), 50_000);
  });

  it("has none by a state that was changed or is another browser's, nor by another browser's code", async () => {
    const [mine, other] = [await atReturn("ann"), await atReturn("vic")];
    const changed = new URL(mine.to);
    changed.searchParams.set("state", `${mine.to.searchParams.get("state")}x`);
    const foreign = new URL(mine.to);
    foreign.searchParams.set("code", other.to.searchParams.get("code") ?? "");
    const tries = [
      [changed, mine.cookie, 400],
      [mine.to, "", 400],
      [mine.to, other.cookie, 400],
      [foreign, mine.cookie, 403],
      // Their session is over with it, since the code was in other hands.
      [other.to, other.cookie, 403],
    ] as const;
    for (const [to, cookie, status] of tries) {
      const answer = await ask(to, cookie);
      expect([answer.status, sessionsIn(answer)], `${to}`).toEqual([status, []]);
    }
    expect(sessionsIn(await ask(mine.to, mine.cookie))).toHaveLength(1);
  });
});

describe("what the console is as a client", () => {
  it("is given one token for a code, by its own name, and nothing to go on with", async () => {
    const { to, cookie } = await atReturn("vic");
    const code = to.searchParams.get("code") ?? "";
    expect(await people.exchangeCode(code, verifierIn(cookie))).toMatchObject({ status: 400, error: "invalid_grant" });
    const given = await exchange(code, verifierIn(cookie));
    expect(given).toMatchObject({ status: 200, expires_in: 900 });
    expect(given).not.toHaveProperty("refresh_token");
    const sid = String(decodeJwt(given.access_token).sid);
    const [row] = await people.region.store.database.withOrg("acme", (transaction) =>
      transaction.query<{ left: number }>(
        `select extract(epoch from expires_at - now())::float8 as left from biplane.sessions where org = 'acme' and session_id = $1`,
        [sid],
      ),
    );
    expect(row?.left).toBeGreaterThan(900);
    expect(row?.left).toBeLessThanOrEqual(960);
  });

  it("goes on by no refresh token and no device, even another client's", async () => {
    const cli = await people.signedIn("vic");
    const others: Record<string, string>[] = [
      { grant_type: "refresh_token", refresh_token: cli.refresh_token },
      { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: "x" },
    ];
    for (const fields of others) {
      expect(await asConsole(fields)).toMatchObject({ status: 400, error: "unauthorized_client" });
    }
    const { code, verifier } = await people.codeFor("vic");
    expect(await exchange(code, verifier)).toMatchObject({ status: 400, error: "invalid_grant" });
    expect(await people.exchangeCode(code, verifier)).toMatchObject({ status: 200 });
  });
});

describe("a person", () => {
  it("comes to the run that they wanted, and sees how its actions stand and why one failed", async () => {
    const { store } = people.region;
    await addChild(store, "acme", "b1");
    await store.database.withOrg("acme", (transaction) =>
      transaction.query(
        `update biplane.actions set phase = $1, error_code = 'ValueError', error_message = '<script>no</script>', error_kind = 1
         where org = 'acme' and run = 'hello' and action = 'b1'`,
        [ActionPhase.FAILED],
      ),
    );
    const { page } = await signedIn("vic", hello);
    expect([page.status, page.url.pathname]).toEqual([200, hello]);
    expect(page.text).toContain("env.hello: <strong>queued</strong>");
    expect(page.text).toContain('<a href="#reason-b1">b1</a></th><td>env.hello</td><td>failed</td>');
    expect(page.text).toContain("<pre>ValueError: &lt;script&gt;no&lt;/script&gt;</pre>");
    for (const kept of ["s3://", "inputs.pb", "outputs.pb", "X-Amz"]) expect(page.text).not.toContain(kept);
  });

  it("sees their organisation's projects and runs, page by page", async () => {
    for (let number = 0; number < 51; number++) {
      const key = { project: "demo", domain: "development", run: `many-${number}` };
      await insertRun(people.region.store.database, "acme", newRun("acme", key));
    }
    const { visitor, page } = await signedIn("ann");
    expect(page.text).toContain(`href="${demo}"`);
    const first = await visitor.open(issuer + demo);
    const namesIn = (text: string) => [...text.matchAll(/runs\/([a-z0-9-]+)"/g)].map(([, name]) => name);
    const next = /href="([^"]*after=[^"]*)"/.exec(first.text)?.[1] ?? "";
    const second = await visitor.open(issuer + next.replaceAll("&amp;", "&"));
    const names = [...namesIn(first.text), ...namesIn(second.text)];
    expect([namesIn(first.text).length, new Set(names).size]).toEqual([50, 52]);
    expect(second.text).not.toContain("after=");
    expect((await visitor.open(`${issuer}${demo}?after=forged`)).status).toBe(400);
    expect((await visitor.open(`${issuer}${demo}/runs/none`)).status).toBe(404);
  });

  it("of another organisation sees neither its runs nor whether there are any", async () => {
    const { visitor, page } = await signedIn("gus", hello);
    const none = await visitor.open(`${issuer}${demo}/runs/none`);
    expect([page.status, none.status]).toEqual([404, 404]);
    expect(none.text).toBe(page.text.replaceAll("hello", "none"));
    expect((await visitor.open(issuer + demo)).text).not.toContain("hello");
  });

  it("whose rights were taken away is told so", async () => {
    const { visitor } = await signedIn("vic");
    const rights = (role: string) =>
      people.region.store.database.withOrg("acme", (transaction) =>
        transaction.query("update biplane.people set role = $1 where org = 'acme' and subject = 'vic@acme.test'", [
          role,
        ]),
      );
    await rights("none");
    await vi.waitFor(async () => {
      const page = await visitor.open(issuer + demo);
      expect([page.status, page.text]).toEqual([403, expect.stringContaining("Ask your administrator")]);
    }, 50_000);
    await rights("viewer");
  });

  it("signs out, and the token that was the cookie is over for whoever kept it", async () => {
    const { visitor, page } = await signedIn("vic");
    const kept = tokenOf(visitor);
    expect(await people.projects(kept)).toBe("ok");
    expect((await visitor.submit(page, {})).status).toBe(405);
    const headers = { origin: issuer, "sec-fetch-site": "same-origin" };
    const out = await ask(`${issuer}/console/sign-out`, jarOf(visitor), { method: "POST", headers });
    expect([out.status, sessionsIn(out)]).toEqual([200, [expect.stringContaining("Max-Age=0")]]);
    await people.overSoon(kept);
    await vi.waitFor(async () => expect((await ask(`${issuer}/`, `${session}=${kept}`)).status).toBe(302), 50_000);
  });
});

describe("the cookie", () => {
  it("is no credential of an RPC, nor where people sign in", async () => {
    const { visitor } = await signedIn("ann");
    const rpc = `${issuer}/flyteidl2.project.ProjectService/ListProjects`;
    const json = { method: "POST", body: "{}", headers: { "content-type": "application/json", origin: issuer } };
    const refused = await ask(rpc, jarOf(visitor), json);
    expect([refused.status, await refused.json()]).toEqual([401, expect.objectContaining({ code: "unauthenticated" })]);
    const authorization = `Bearer ${tokenOf(visitor)}`;
    const allowed = await ask(rpc, "", { ...json, headers: { ...json.headers, authorization } });
    expect(allowed.status).toBe(200);
    const body = "client_id=biplane-console&grant_type=refresh_token";
    const token = await ask(`${issuer}/oauth2/v1/token`, jarOf(visitor), { method: "POST", headers: form, body });
    expect(token.status).toBe(400);
  });
});

interface Discovery {
  issuer: string;
  authorization_endpoint: string;
}
