import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AppDirectoryService, type AppKey } from "../../../gen/biplane/apps/v1/apps_pb.js";
import {
  type App,
  Spec_DesiredState as Desired,
  type SpecSchema,
  Status_DeploymentStatus as Status,
  Status_Substate as Substate,
} from "../../../gen/flyteidl2/app/app_definition_pb.js";
import type { WatchResponse } from "../../../gen/flyteidl2/app/app_payload_pb.js";
import { AppService } from "../../../gen/flyteidl2/app/app_service_pb.js";
import { Filter_Function } from "../../../gen/flyteidl2/common/list_pb.js";
import { type InProcess, serveInProcess } from "../actions/testing/in-process.ts";
import { tellPlane } from "../store/app-reports.ts";
import { openTestStore, type TestStore } from "../store/testing/fixtures.ts";

type SpecInit = Exclude<MessageInitShape<typeof SpecSchema>, { $typeName: string }>;

let store: TestStore;
let served: InProcess;
beforeAll(async () => {
  store = await openTestStore();
  served = await serveInProcess(store);
  await tellPlane(store.database, "acme", "c1", "apps.acme.test");
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
});

const refused = (code: Code, message: RegExp) => ({ code, message: expect.stringMatching(message) });
const demo = { org: "acme", project: "demo", domain: "development" };
const idOf = (name: string) => ({ ...demo, name });
const apps = (claims = {}) => served.as(AppService, claims);
const container = (image = "registry.test/app:v1") => ({ case: "container" as const, value: { image } });
const appOf = (name: string, spec: SpecInit = {}, revision = 0n) => ({
  metadata: { id: idOf(name), revision, labels: { team: "red" }, codeBundleUri: "s3://fast/acme/code.tgz" },
  spec: { appPayload: container(), desiredState: Desired.ACTIVE, ingress: {}, ...spec },
});
const make = async (name: string, spec: SpecInit = {}) => (await apps().create({ app: appOf(name, spec) })).app as App;
const statusOf = (app: App | undefined) => app?.status?.conditions.at(-1)?.deploymentStatus;

describe("an app that is deployed", () => {
  it("is on a cluster, with an address, its maker and a first condition, as what was sent", async () => {
    const app = await make("whole", { autoscaling: { replicas: { min: 1, max: 3 } } });
    expect(app).toMatchObject({
      metadata: { id: idOf("whole"), revision: 1n, labels: { team: "red" }, codeBundleUri: "s3://fast/acme/code.tgz" },
      spec: {
        appPayload: container(),
        desiredState: Desired.ACTIVE,
        autoscaling: { replicas: { min: 1, max: 3 } },
        creator: { principal: { value: { id: { subject: "someone" } } } },
      },
      status: {
        assignedCluster: "c1",
        ingress: { publicUrl: "https://whole-demo-development.apps.acme.test" },
        k8sMetadata: { namespace: "demo-development" },
        conditions: [{ deploymentStatus: Status.PENDING, revision: 1n, message: "created" }],
      },
    });
    // The client takes it for missing where it is not set, and fails.
    expect(app.spec?.ingress).toBeDefined();
    expect((await apps().get({ identifier: { case: "appId", value: idOf("whole") } })).app).toEqual(app);
    const { publicUrl = "" } = app.status?.ingress ?? {};
    expect((await apps().get({ identifier: { case: "ingress", value: { publicUrl } } })).app).toEqual(app);
  });

  it("is told to be there already when it is made again", async () => {
    await make("twice");
    await expect(make("twice")).rejects.toMatchObject(refused(Code.AlreadyExists, /the app twice already exists/));
    const both = await Promise.allSettled([make("together"), make("together")]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("needs a compute plane that serves apps", async () => {
    const globex = { ...appOf("none"), metadata: { id: { ...idOf("none"), org: "globex" } } };
    const made = apps({ org: "globex" }).create({ app: globex });
    await expect(made).rejects.toMatchObject(refused(Code.FailedPrecondition, /no compute plane .* serves apps/));
    const pinned = make("pinned", { cluster: "c9" });
    await expect(pinned).rejects.toMatchObject(refused(Code.FailedPrecondition, /the cluster c9 does not serve apps/));
    expect((await make("at-c1", { cluster: "c1" })).status?.assignedCluster).toBe("c1");
  });

  it("has a host of its own", async () => {
    await apps().create({ app: { ...appOf("a-b"), metadata: { id: { ...demo, project: "c", name: "a-b" } } } });
    const same = apps().create({ app: { ...appOf("a"), metadata: { id: { ...demo, project: "b-c", name: "a" } } } });
    await expect(same).rejects.toMatchObject(
      refused(Code.FailedPrecondition, /another app .* has the host a-b-c-development/),
    );
  });

  it.each<[string, string, SpecInit, RegExp]>([
    ["a name with capitals", "Hello", {}, /app name is "Hello"/],
    ["a name that begins with a digit", "1st", {}, /app name is "1st"/],
    ["names too long for a host", "a".repeat(47), {}, /app name, project and domain .* 61 characters together/],
    ["nothing to run", "none", { appPayload: { case: undefined } }, /a container or a pod/],
    ["no image", "none", { appPayload: container("") }, /container.image/],
    ["a domain of its own", "none", { ingress: { cname: "www.acme.test" } }, /ingress.cname .* allowed: none/],
    ["another host", "none", { ingress: { subdomain: "www" } }, /ingress.subdomain .* none-demo-development/],
    ["no public address", "none", { ingress: { private: true } }, /ingress.private/],
    ["more at least than at most", "none", { autoscaling: { replicas: { min: 2, max: 1 } } }, /"2 to 1"/],
    ["none at most", "none", { autoscaling: { replicas: { min: 0, max: 0 } } }, /"0 to 0"/],
    ["a wait beyond the gateway's", "none", { timeouts: { requestTimeout: { seconds: 601n } } }, /1 to 600 s/],
    [
      "an idle time beyond the autoscaler's",
      "none",
      { autoscaling: { scaledownPeriod: { seconds: 3601n } } },
      /3600 s/,
    ],
    ["another pool", "none", { clusterPool: "gpu" }, /cluster_pool is "gpu"/],
    ["too much of it", "none", { appPayload: container("x".repeat(300_000)) }, /up to 262144 bytes/],
  ])("is refused with %s", async (_what, name, spec, message) => {
    await expect(make(name, spec)).rejects.toMatchObject(refused(Code.InvalidArgument, message));
  });
});

describe("an app that is changed", () => {
  it("goes on from the revision that the caller knows, and waits to be told of", async () => {
    await make("changed");
    const v2 = { appPayload: container("registry.test/app:v2") };
    const { app } = await apps({ sub: "another" }).update({ app: appOf("changed", v2, 1n), reason: "a new version" });
    expect(app?.metadata?.revision).toBe(2n);
    expect(app?.status?.conditions).toMatchObject([
      { revision: 1n },
      {
        ...{ revision: 2n, deploymentStatus: Status.PENDING, message: "a new version" },
        actor: { principal: { value: { id: { subject: "another" } } } },
      },
    ]);
    expect(app?.spec?.creator).toMatchObject({ principal: { value: { id: { subject: "someone" } } } });
    const stale = apps().update({ app: appOf("changed", {}, 1n) });
    await expect(stale).rejects.toMatchObject(refused(Code.Aborted, /changed is at revision 2, not 1/));
    // What the client sends back is what it was given: no other app.
    const same = await apps().update({ app: { ...app, $typeName: "flyteidl2.app.App" } as App, reason: "again" });
    expect(same.app).toEqual(app);
  });

  it("is one of many at once that say the same revision", async () => {
    await make("raced");
    const all = await Promise.allSettled(
      [1, 2, 3, 4].map((tag) => apps().update({ app: appOf("raced", { appPayload: container(`app:${tag}`) }, 1n) })),
    );
    expect(all.filter(({ status }) => status === "fulfilled").length).toBe(1);
    const { app } = await apps().get({ identifier: { case: "appId", value: idOf("raced") } });
    expect(app?.metadata?.revision).toBe(2n);
  });

  it("must be there", async () => {
    for (const call of [
      () => apps().update({ app: appOf("absent") }),
      () => apps().delete({ appId: idOf("absent") }),
      () => apps().get({ identifier: { case: "appId", value: idOf("absent") } }),
    ]) {
      await expect(call()).rejects.toMatchObject(refused(Code.NotFound, /the app absent does not exist/));
    }
  });
});

/** A compute plane that has heard of every app that there is. */
async function plane(cluster = "c1", org = "acme") {
  const client = createClient(AppDirectoryService, served.asCluster(cluster, org));
  const ended = new AbortController();
  const stream = client.watchApps({ appsDomain: `apps.${org}.test` }, { signal: ended.signal });
  const messages = stream[Symbol.asyncIterator]();
  const known = new Map<string, { key: AppKey; revision: bigint }>();
  const next = async () => {
    const { value } = await messages.next();
    const { message } = value ?? {};
    if (message?.case === "app" && message.value.key) {
      known.set(message.value.key.name, { key: message.value.key, revision: message.value.revision });
    }
    if (message?.case === "gone") known.delete(message.value.name);
    return message?.case;
  };
  while ((await next()) !== "listed");
  const report = async (name: string, deploymentStatus: number, more: object = {}, at = new Date()) => {
    const { key, revision } = known.get(name) ?? {};
    const observedAt = timestampFromDate(at);
    if (!key || !revision) throw new Error(`the plane has not heard of ${name}`);
    await client.reportApps({ reports: [{ key, revision, observedAt, deploymentStatus, ...more }] });
  };
  return { client, known, next, report, end: () => ended.abort() };
}

describe("a compute plane", () => {
  it("hears of its apps whole, of what changes, and of what is to be no more", async () => {
    await make("told");
    const c1 = await plane();
    expect(c1.known.get("told")).toMatchObject({ revision: 1n, key: { ...idOfKey("told") } });
    await apps().update({ app: appOf("told", { desiredState: Desired.STOPPED }) });
    while (c1.known.get("told")?.revision !== 2n) await c1.next();
    await apps().delete({ appId: idOf("told") });
    while (c1.known.has("told")) await c1.next();
    c1.end();
    const c2 = await plane("c2");
    expect([...c2.known.keys()]).toEqual([]);
    c2.end();
    const other = await plane("c1", "globex");
    expect([...other.known.keys()]).toEqual([]);
    other.end();
  });

  it("tells how an app stands, once however often it is told", async () => {
    await make("reported");
    const c1 = await plane();
    const words = { message: "serving", substate: Substate.RUNNING, replicas: 2 };
    const at = new Date();
    for (let time = 0; time < 3; time++) await c1.report("reported", Status.ACTIVE, words, at);
    const { app } = await apps().get({ identifier: { case: "appId", value: idOf("reported") } });
    expect(app?.status).toMatchObject({ currentReplicas: 2 });
    expect(app?.status?.lastStartedAt).toBeDefined();
    expect(app?.status?.conditions).toMatchObject([
      { deploymentStatus: Status.PENDING },
      { deploymentStatus: Status.ACTIVE, message: "serving", substate: Substate.RUNNING },
    ]);
    expect(app?.status?.conditions[1]?.actor).toBeUndefined();
    c1.end();
  });

  it("moves no app back: what is older, of another revision, app or cluster changes nothing", async () => {
    await make("forward");
    const c1 = await plane();
    const [before, now] = [new Date(Date.now() - 1_000), new Date()];
    await c1.report("forward", Status.ACTIVE, {}, now);
    await c1.report("forward", Status.DEPLOYING, {}, before);
    const c2 = await plane("c2");
    for (const [name, known] of c1.known) c2.known.set(name, known);
    await c2.report("forward", Status.FAILED);
    const look = async () => (await apps().get({ identifier: { case: "appId", value: idOf("forward") } })).app;
    expect(statusOf(await look())).toBe(Status.ACTIVE);
    await apps().update({ app: appOf("forward", { appPayload: container("v2") }) });
    // It has not heard of the second yet.
    await c1.report("forward", Status.FAILED);
    expect(statusOf(await look())).toBe(Status.PENDING);
    await apps().delete({ appId: idOf("forward") });
    await make("forward");
    await c1.report("forward", Status.FAILED);
    expect(statusOf(await look())).toBe(Status.PENDING);
    c1.end();
    c2.end();
  });

  it("keeps the latest 20 conditions of an app", async () => {
    await make("lively");
    const c1 = await plane();
    const start = Date.now();
    for (let time = 1; time <= 25; time++) {
      await c1.report("lively", Status.ACTIVE, { message: `${time}` }, new Date(start + time));
    }
    const { app } = await apps().get({ identifier: { case: "appId", value: idOf("lively") } });
    expect(app?.status?.conditions.map(({ message }) => message)).toEqual(
      Array.from({ length: 20 }, (_, index) => `${index + 6}`),
    );
    c1.end();
  });

  it("may tell nothing but states that there are, and nobody else may tell any", async () => {
    const c1 = await plane();
    const [[name = ""] = []] = [...c1.known];
    await expect(c1.report(name, 99)).rejects.toMatchObject(refused(Code.InvalidArgument, /deployment_status is "?99/));
    await expect(c1.report(name, Status.ACTIVE, { substate: 99 })).rejects.toMatchObject(
      refused(Code.InvalidArgument, /substate is "?99/),
    );
    const wrong = c1.client.watchApps({ appsDomain: "here and there" })[Symbol.asyncIterator]().next();
    await expect(wrong).rejects.toMatchObject(refused(Code.InvalidArgument, /apps_domain/));
    await expect(served.as(AppDirectoryService).reportApps({})).rejects.toMatchObject({ code: Code.PermissionDenied });
    c1.end();
  });
});

const idOfKey = (name: string) => ({ project: demo.project, domain: demo.domain, name });

describe("a list of apps", () => {
  it("is of one's own places, by filter, in pages, with a count of all", async () => {
    const project = { organization: "acme", name: "listed", domain: "development" };
    for (const name of ["one", "two", "three"]) {
      await apps().create({ app: { ...appOf(name), metadata: { id: { ...demo, project: "listed", name } } } });
    }
    const c1 = await plane();
    await c1.report("two", Status.ACTIVE);
    c1.end();
    const filterBy = { case: "project" as const, value: project };
    const first = await apps().list({ request: { limit: 2 }, filterBy, includeTotalCount: true });
    expect(first.apps.map(({ metadata }) => metadata?.id?.name)).toEqual(["three", "two"]);
    expect(first.totalCount).toBe(3n);
    const rest = await apps().list({ request: { limit: 2, token: first.token }, filterBy, includeTotalCount: true });
    expect(rest.apps.map(({ metadata }) => metadata?.id?.name)).toEqual(["one"]);
    expect([rest.token, rest.totalCount]).toEqual(["", 3n]);
    const values = ["DEPLOYMENT_STATUS_ACTIVE", "DEPLOYMENT_STATUS_FAILED"];
    const filters = [{ function: Filter_Function.VALUE_IN, field: "status_phase", values }];
    const active = await apps().list({ request: { filters }, filterBy });
    expect(active.apps.map(({ metadata }) => metadata?.id?.name)).toEqual(["two"]);
    const elsewhere = await apps({ org: "globex" }).list({ filterBy: { case: "org", value: "" } });
    expect(elsewhere.apps).toEqual([]);
    const byArtifact = apps().list({ filterBy: { case: "artifact", value: {} } });
    await expect(byArtifact).rejects.toMatchObject(refused(Code.InvalidArgument, /filter_by/));
  });
});

describe("a watch", () => {
  const watching = (target: Parameters<ReturnType<typeof apps>["watch"]>[0]["target"]) => {
    const ended = new AbortController();
    const events = apps()
      .watch({ target } as never, { signal: ended.signal })
      [Symbol.asyncIterator]();
    const until = async (is: (event: WatchResponse["event"]) => boolean) => {
      for (;;) {
        const { value, done } = await events.next();
        if (done) return undefined;
        if (is(value.event)) return value.event;
      }
    };
    return { until, end: () => ended.abort() };
  };

  it("of an app tells how it stands, everything that comes of it, and its end", async () => {
    await make("watched");
    const watch = watching({ case: "appId", value: idOf("watched") } as never);
    const first = await watch.until(() => true);
    expect(first).toMatchObject({ case: "updateEvent", value: { updatedApp: { metadata: { id: idOf("watched") } } } });
    const c1 = await plane();
    await c1.report("watched", Status.DEPLOYING);
    await c1.report("watched", Status.ACTIVE);
    c1.end();
    const active = await watch.until(
      (event) => event.case === "updateEvent" && statusOf(event.value.updatedApp) === Status.ACTIVE,
    );
    expect(active?.case).toBe("updateEvent");
    await apps().delete({ appId: idOf("watched") });
    expect((await watch.until((event) => event.case === "deleteEvent"))?.case).toBe("deleteEvent");
    expect(await watch.until(() => true)).toBeUndefined();
    const absent = watching({ case: "appId", value: idOf("watched") } as never).until(() => true);
    await expect(absent).rejects.toMatchObject({ code: Code.NotFound });
  });

  it("of a project tells of new ones too, and of none elsewhere", async () => {
    const project = { organization: "acme", name: "followed", domain: "development" };
    const id = (name: string) => ({ ...demo, project: "followed", name });
    await apps().create({ app: { ...appOf("old"), metadata: { id: id("old") } } });
    const watch = watching({ case: "project", value: project } as never);
    expect(await watch.until(() => true)).toMatchObject({ value: { updatedApp: { metadata: { id: id("old") } } } });
    await make("elsewhere");
    await apps().create({ app: { ...appOf("new"), metadata: { id: id("new") } } });
    const next = await watch.until(({ case: kind }) => kind !== undefined);
    expect(next).toMatchObject({ case: "createEvent", value: { app: { metadata: { id: id("new") } } } });
    watch.end();
  });
});
