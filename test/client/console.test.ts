/** People look at the region's pages by a browser, through the edge and the identity provider. */
import { expect, it } from "vitest";
import { z } from "zod";
import { names } from "../../sandbox/hosts.ts";
import { https } from "../support/api.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment } from "../support/local-run.ts";
import { person, site } from "../support/people.ts";

const { proves } = evidenceFor("client/console");
const { org, project, domain, endpoint } = environment;
const region = `https://${endpoint}`;
const session = "__Host-biplane-console";
const discoverySchema = z.object({ issuer: z.string(), authorization_endpoint: z.string().optional() });

async function discovered(issuer: string) {
  const { body } = await https(`${issuer}/.well-known/openid-configuration`);
  return discoverySchema.parse(JSON.parse(body.toString()));
}

/** What the region answered a browser, in order. */
function watched() {
  const seen: { path: string; status: number; cookies: string[]; location: string }[] = [];
  const watching: typeof fetch = async (input, options) => {
    const answer = await site(input, options);
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const location = answer.headers.get("location") ?? "";
    seen.push({ path: pathname, status: answer.status, cookies: answer.headers.getSetCookie(), location });
    return answer;
  };
  return { seen, watching };
}

it("who is not signed in is sent to the provider, and has a session once their code is exchanged", async () => {
  proves(
    ["authn-oidc-ui-login"],
    "a return with another state, and the same one from another browser or again, makes no session",
  );
  const wanted = `/v2/domain/${domain}/project/${project}`;
  const { seen, watching } = watched();
  const viewer = person(org, "viewer", { [region]: watching });
  const login = await viewer.open(region + wanted);

  const [first] = seen;
  const here = await discovered(region);
  const to = new URL(first?.location ?? "");
  expect([first?.status, here.issuer, to.origin + to.pathname]).toEqual([302, region, here.authorization_endpoint]);
  // As the region's stack is told.
  expect([login.url.origin, (await discovered(`https://${names.login}`)).issuer]).toEqual([
    `https://${names.login}`,
    `https://${names.login}`,
  ]);

  const page = await viewer.signIn(login);
  expect([page.status, page.url.pathname, page.text]).toEqual([200, wanted, expect.stringContaining(viewer.email)]);
  const given = seen.filter(({ cookies }) => cookies.some((line) => line.startsWith(`${session}=`)));
  expect(given.map(({ path, status }) => [path, status])).toEqual([["/console/signed-in", 303]]);
  const [cookie = ""] = given.flatMap(({ cookies }) => cookies.filter((line) => line.startsWith(`${session}=`)));
  expect(cookie).toMatch(/^\S+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+$/);

  const back = seen.find(({ location }) => location.startsWith(`${region}/console/signed-in?`))?.location ?? "";
  const forged = new URL(back);
  forged.searchParams.set("state", "s".repeat(43));
  for (const [who, url] of [
    [viewer, forged.href],
    [viewer, back],
    [person(org, "viewer"), back],
  ] as const) {
    const before = who.cookies.get(region)?.get(session);
    const refused = await who.open(url);
    expect([refused.status, who.cookies.get(region)?.get(session)]).toEqual([400, before]);
  }
});

it("the session is for pages alone: an RPC that comes with it is refused", async () => {
  const viewer = person(org, "viewer");
  await viewer.signIn(await viewer.open(`${region}/`));
  const cookie = `${session}=${viewer.cookies.get(region)?.get(session)}`;
  expect((await https(`${region}/`, { headers: { cookie } })).status).toBe(200);
  const rpc = { method: "POST", body: "{}", headers: { "content-type": "application/json", cookie } };
  expect((await https(`${region}/flyteidl2.project.ProjectService/ListProjects`, rpc)).status).toBe(401);
});
