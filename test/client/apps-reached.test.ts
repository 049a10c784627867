/** Who reaches an app by its public name, and by which way: through the edge, down the tunnel, past the gate. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createClient } from "@connectrpc/connect";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ApplicationService } from "../../gen/biplane/identity/v1/identity_pb.js";
import { AppLogsService } from "../../gen/flyteidl2/app/app_logs_service_pb.js";
import { AppService } from "../../gen/flyteidl2/app/app_service_pb.js";
import { flyteScript } from "../../sandbox/client.ts";
import { network } from "../../sandbox/hosts.ts";
import { local } from "../../sandbox/stacks.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { codeOf } from "../../services/shared/testing/code-of.ts";
import { https } from "../support/api.ts";
import { appNamespace, deployApp, hostOf, open, reach, served, siteOf, socketTo } from "../support/apps.ts";
import { evidenceFor } from "../support/evidence.ts";
import { bearer, edge, signedIn, tokenAnswer } from "../support/identities.ts";
import { kubectl } from "../support/kubectl.ts";
import { environment, here } from "../support/local-run.ts";
import { person } from "../support/people.ts";

const { proves } = evidenceFor("client/apps-reached");
const { org, project, domain } = environment;
const minuteMs = 60_000;
const patience = { timeout: 2 * minuteMs, interval: 500 };
const unique = randomBytes(4).toString("hex");
const [closed, free] = [`closed-${unique}`, `open-${unique}`];
const host = hostOf(closed);
const answered = { status: 200, body: `version 1 for ${host}\n` };

type By = Record<string, string>;
const withKey: By = { authorization: `Bearer ${readFileSync(environment.apiKeyFile, "utf8").trim()}` };
const transport = edge();
const accounts = createClient(ApplicationService, transport);
const apps = createClient(AppService, transport);
const made: string[] = [];
let admin: By;

/** Of a service account with this role, there alone. */
async function tokenFor(role: string, where: { project: string; domain: string }): Promise<By> {
  const name = `apps-${randomBytes(4).toString("hex")}`;
  const { account, clientSecret } = await accounts.createServiceAccount(
    { name, role, places: [where] },
    { headers: admin },
  );
  const clientId = account?.clientId ?? "";
  made.push(clientId);
  return bearer((await tokenAnswer(clientId, clientSecret)).token ?? "");
}

/** Bytes that have come to the region's node, and gone from it. */
async function bytesOfRegion(): Promise<number> {
  const { stdout } = await execa("ip", ["-n", network.hosts.region.namespace, "-j", "-s", "link", "show", "eth0"]);
  const [link] = JSON.parse(stdout) as { stats64: { rx: { bytes: number }; tx: { bytes: number } } }[];
  return (link?.stats64.rx.bytes ?? 0) + (link?.stats64.tx.bytes ?? 0);
}

describe.skipIf(!served)("an app with a public name", needs("apps"), () => {
  beforeAll(async () => {
    admin = await signedIn(org, "admin");
    await deployApp(closed, "1");
    await deployApp(free, "1", { BIPLANE_APP_OPEN: "1" });
    const reached = async (one: string) =>
      expect(await reach(one, { headers: withKey })).toMatchObject({ status: 200, body: `version 1 for ${one}\n` });
    await vi.waitFor(() => reached(host), patience);
    await vi.waitFor(() => reached(hostOf(free)), patience);
  }, 8 * minuteMs);

  afterAll(async () => {
    for (const clientId of made) await codeOf(accounts.deleteServiceAccount({ clientId }, { headers: admin }));
    for (const name of [closed, free]) {
      await codeOf(apps.delete({ appId: { org, project, domain, name } }, { headers: admin }));
      const object = ["services.serving.knative.dev", name, "--namespace", appNamespace];
      await kubectl("customer", "delete", ...object, "--ignore-not-found");
    }
  }, minuteMs);

  it("answers who shows an API key or a token, and nobody who shows neither", async () => {
    proves(["apps-auth-default-on"], "the same call without a credential, and with a broken one, is answered 401");
    expect(await reach(host, { headers: withKey })).toMatchObject(answered);
    expect(await reach(host, { headers: admin })).toMatchObject(answered);
    expect((await reach(host)).status).toBe(401);
    const [, token = ""] = admin.authorization?.split(" ") ?? [];
    const broken = token.replace(/[^.]+$/, (signature) => [...signature].reverse().join(""));
    expect(broken).not.toBe(token);
    expect((await reach(host, { headers: bearer(broken) })).status).toBe(401);
  });

  it("sends a browser to sign in at the customer's provider, and then lets it in", async () => {
    proves(["apps-auth-default-on"], "a browser without the session is sent away from the same page");
    const [one, other] = [0, 1].map(() => person(org, "viewer", { [`https://${host}`]: siteOf(host) }));
    const login = await one?.open(`https://${host}/`);
    expect(login?.text).toContain("<form");
    expect(login?.url.origin).not.toBe(`https://${host}`);
    const page = login && (await one?.signIn(login));
    expect(page).toMatchObject({ status: 200, text: answered.body });
    expect((await one?.open(`https://${host}/`))?.text).toBe(answered.body);
    expect((await other?.open(`https://${host}/`))?.url.origin).not.toBe(`https://${host}`);
  });

  it("is open to everybody only where whoever deployed it said so", async () => {
    proves(["apps-anonymous-optional"], "the app beside it, which says nothing, refuses the same call");
    expect(await reach(hostOf(free))).toMatchObject({ status: 200, body: `version 1 for ${hostOf(free)}\n` });
    expect((await reach(host)).status).toBe(401);
  });

  it("is reached by whoever holds a role in its project, and by nobody of another project or organisation", async () => {
    proves(
      ["apps-rbac-access"],
      "the same role in another project is answered 403, and another organisation's administrator 401",
    );
    const elsewhere = local.onDemand[0] ?? { project: "", domain: "" };
    const [here, there] = [await tokenFor("viewer", { project, domain }), await tokenFor("viewer", elsewhere)];
    expect(await reach(host, { headers: here })).toMatchObject(answered);
    expect((await reach(host, { headers: there })).status).toBe(403);
    const stranger = await reach(host, { headers: await signedIn(local.stranger, "admin") });
    expect([stranger.status, stranger.body]).toEqual([401, expect.stringContaining("of this organisation")]);
  });

  it("is deployed by whoever may in its project, and by no viewer or contributor of another", async () => {
    proves(["apps-rbac-deploy"], "a viewer, and a contributor of another project, are denied the same call");
    const deploy = async (headers: By) => {
      const id = { org, project, domain, name: `by-${randomBytes(4).toString("hex")}` };
      const payload = { case: "container" as const, value: { image: environment.taskImage } };
      const code = await codeOf(apps.create({ app: { metadata: { id }, spec: { appPayload: payload } } }, { headers }));
      if (code === "ok") await apps.delete({ appId: id }, { headers: admin });
      return code;
    };
    const elsewhere = local.onDemand[0] ?? { project: "", domain: "" };
    expect(await deploy(await signedIn(org, "contributor"))).toBe("ok");
    expect(await deploy(await signedIn(org, "viewer"))).toBe("PermissionDenied");
    expect(await deploy(await tokenFor("contributor", elsewhere))).toBe("PermissionDenied");
  });

  it("streams its answer as it comes", async () => {
    const answer = await open(host, { path: "/stream", headers: withKey });
    expect(String((await once(answer, "data"))[0])).toBe("part 0\n");
    const began = performance.now();
    const rest: string[] = [];
    for await (const part of answer) rest.push(String(part));
    expect(rest.join("")).toBe("part 1\npart 2\n");
    expect(performance.now() - began).toBeGreaterThan(700);
  });

  it("speaks by a WebSocket, both ways, with whoever shows a credential", async () => {
    const socket = socketTo(host, "/echo", withKey);
    const heard: unknown[] = [];
    socket.on("message", (message, isBinary) => heard.push(isBinary ? message : String(message)));
    await once(socket, "open");
    const large = randomBytes(256 * 1024);
    socket.send("said");
    socket.send(large);
    await vi.waitFor(() => expect(heard).toHaveLength(3), patience);
    expect(heard.slice(0, 2)).toEqual(["version 1", "said"]);
    expect(large.equals(heard[2] as Buffer)).toBe(true);
    socket.close(1000);
    expect((await once(socket, "close"))[0]).toBe(1000);
    const refused = socketTo(host, "/echo");
    const [, answer] = (await once(refused, "unexpected-response")) as [unknown, IncomingMessage];
    expect(answer.statusCode).toBe(401);
    refused.on("error", () => undefined).terminate();
  });

  it("shows its log to whoever may see it, by the client, and to nobody of another project", async () => {
    const path = `/asked-${randomBytes(4).toString("hex")}`;
    expect((await reach(host, { path, headers: withKey })).status).toBe(200);
    // It follows for as long as there are replicas.
    const script = [
      "import asyncio, flyte",
      "from flyte.remote import App",
      "flyte.init_from_config()",
      `app = App.get(name=${JSON.stringify(closed)})`,
      "async def follow():",
      "    await asyncio.wait_for(app.show_logs.aio(raw=True), 12)",
      "try:",
      "    asyncio.run(follow())",
      "except asyncio.TimeoutError:",
      "    pass",
    ].join("\n");
    const { stdout, stderr } = await flyteScript(here, environment, script);
    expect(stdout.split(path), stdout + stderr).toHaveLength(2);
    expect(stdout).toContain(`[${closed}-`);

    const elsewhere = local.onDemand[0] ?? { project: "", domain: "" };
    const asked = { target: { case: "appId" as const, value: { org, project, domain, name: closed } } };
    const first = async (headers: By) => {
      for await (const { resp } of createClient(AppLogsService, transport).tailLogs(asked, { headers })) {
        if (resp.case === "batches") return;
      }
    };
    const [own, other] = [await tokenFor("viewer", { project, domain }), await tokenFor("viewer", elsewhere)];
    expect((await reach(host, { path, headers: withKey })).status).toBe(200);
    expect(await codeOf(first(own))).toBe("ok");
    expect(await codeOf(first(other))).toBe("PermissionDenied");
  });

  it("tells in its log what it said before it crashed, and after, to whoever follows and to who comes then", async () => {
    const paths = ["/before", "/crash", "/after"].map((path) => `${path}-${randomBytes(4).toString("hex")}`);
    const [before = "", crash = "", after = ""] = paths;
    const answers = async (path: string) => expect((await reach(host, { path, headers: withKey })).status).toBe(200);
    const over = new AbortController();
    const target = { case: "appId" as const, value: { org, project, domain, name: closed } };
    const follow = () => {
      const said: string[] = [];
      const following = (async () => {
        const call = { headers: admin, signal: over.signal };
        for await (const { resp } of createClient(AppLogsService, transport).tailLogs({ target }, call)) {
          if (resp.case === "batches") said.push(...resp.value.logs.flatMap(({ lines }) => lines));
        }
      })();
      return { of: (path: string) => said.filter((line) => line.includes(path)).length, following };
    };
    await vi.waitFor(() => answers(before), patience);
    const follower = follow();
    await vi.waitFor(() => expect(follower.of(before)).toBe(1), patience);
    // Whatever it is answered: the app is gone before it says anything.
    await reach(host, { path: crash, headers: withKey });
    await vi.waitFor(() => answers(after), patience);
    const later = follow();
    await vi.waitFor(() => expect([crash, after].map(follower.of)).toEqual([1, 1]), patience);
    await vi.waitFor(() => expect(paths.map(later.of)).toEqual([1, 1, 1]), patience);
    over.abort();
    expect(await Promise.all([follower.following, later.following].map(codeOf))).toEqual(["Canceled", "Canceled"]);
    expect(paths.map(follower.of)).toEqual([1, 1, 1]);
  });

  it("is sent what it is sent past the region", async () => {
    proves(
      ["apps-traffic-in-customer-infra"],
      "as much that is sent to the region itself shows in what its node counts",
    );
    const body = Buffer.alloc(16 * 1024 * 1024, "x");
    const before = await bytesOfRegion();
    const sent = await reach(host, { method: "PUT", path: "/length", headers: withKey, body });
    expect(sent).toMatchObject({ status: 200, body: `${body.length}\n` });
    const between = await bytesOfRegion();
    expect(between - before).toBeLessThan(body.length / 4);
    const part = JSON.stringify({ filters: "x".repeat(1024 * 1024) });
    for (let left = body.length; left > 0; left -= part.length) {
      await https(`https://${environment.endpoint}/flyteidl2.project.ProjectService/ListProjects`, {
        ...{ method: "POST", headers: { ...admin, "content-type": "application/json" }, body: part },
      });
    }
    expect((await bytesOfRegion()) - between).toBeGreaterThan(body.length / 2);
  });
});
