import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  ProjectDirectoryService,
  type WatchProjectsResponse,
  WatchProjectsResponseSchema,
} from "../../../gen/biplane/projects/v1/projects_pb.js";
import { recordingLog } from "../../shared/testing/log.ts";
import { followProjects } from "./directory.ts";
import type { KnownProject, Settings } from "./settings.ts";
import { type Sync, startSync } from "./sync.ts";
import { fakeObjects } from "./testing/fake-objects.ts";

const settings: Settings = {
  org: "acme",
  platform: "union",
  dnsServers: [],
  egress: "open-443",
  projects: ["one", "two"].map((project) => ({ project, domain: "development", roleArn: "arn:user" })),
};
const project = (id: string): KnownProject => ({ id, domains: ["development"], archived: false });

function started(times: { everyMs?: number; retryMs?: number } = {}) {
  const { log, lines } = recordingLog();
  const objects = fakeObjects();
  const told: string[] = [];
  const tell = async (subject: string) => void told.push(subject);
  const sync = startSync({ settings, apiKey: "key", objects, tell, log, ...times });
  return { sync, objects, told, lines };
}
const namespaces = ({ live }: ReturnType<typeof fakeObjects>) =>
  [...live.keys()].filter((title) => title.startsWith("Namespace")).sort();
const readyOf = ({ ready }: Sync) =>
  ready().then(
    () => true,
    () => false,
  );
const soon = { timeout: 60_000, interval: 5 };

describe("the sync", () => {
  it("makes nothing before the region has told its projects, and is not ready till then", async () => {
    const { sync, objects } = started();
    await expect(sync.ready()).rejects.toThrow("has not told its projects yet");
    sync.know([project("one"), project("never-declared")]);
    await expect.poll(() => namespaces(objects), soon).toEqual(["Namespace one-development"]);
    await expect.poll(() => readyOf(sync), soon).toBe(true);
    sync.know([project("one"), project("two")]);
    await expect.poll(() => namespaces(objects), soon).toHaveLength(2);
    await sync.stop();
  });

  it("goes on with the other projects when one fails, says why, and tries again by itself", async () => {
    const { sync, objects, lines } = started({ retryMs: 5 });
    objects.fail.set("Namespace one-development", new Error("the API server answered 500"));
    sync.know([project("one"), project("two")]);
    await expect.poll(() => namespaces(objects), soon).toEqual(["Namespace two-development"]);
    await expect(sync.ready()).rejects.toThrow("one/development: the API server answered 500");
    expect(lines.join("\n")).toContain("a project's objects could not be made");
    objects.fail.clear();
    await expect.poll(() => namespaces(objects), soon).toHaveLength(2);
    await sync.stop();
  });

  it("looks again from time to time without a change", async () => {
    const { sync, objects } = started({ everyMs: 5 });
    sync.know([project("one")]);
    await expect.poll(() => objects.live.size, soon).toBe(14);
    objects.live.delete("LimitRange one-development/defaults");
    await expect.poll(() => objects.live.size, soon).toBe(14);
    await sync.stop();
  });

  it("looks again soon while a namespace is being deleted, and is ready meanwhile", async () => {
    const { sync, objects, told } = started({ retryMs: 5 });
    const title = "Namespace one-development";
    const metadata = { name: "one-development", resourceVersion: "1", deletionTimestamp: "2026-01-01T00:00:00Z" };
    objects.live.set(title, { apiVersion: "v1", kind: "Namespace", metadata });
    sync.know([project("one"), project("two")]);
    await expect.poll(() => namespaces(objects), soon).toHaveLength(2);
    await expect.poll(() => readyOf(sync), soon).toBe(true);
    expect(objects.writes.filter((write) => write.includes("one-development"))).toEqual([]);
    objects.live.delete(title);
    await expect.poll(() => objects.live.size, soon).toBe(28);
    expect(told).toEqual([]);
    await sync.stop();
  });

  it("tells people what it left alone, in its log and where they look", async () => {
    const { sync, objects, told, lines } = started();
    const metadata = { name: "one-development", resourceVersion: "1" };
    objects.live.set("Namespace one-development", { apiVersion: "v1", kind: "Namespace", metadata });
    sync.know([project("one")]);
    await expect.poll(() => told, soon).toEqual(["Namespace one-development"]);
    expect(lines.join("\n")).toContain("an object of another was left alone");
    expect(objects.writes).toEqual([]);
    await sync.stop();
  });
});

describe("the region's list", () => {
  const projects = (...ids: string[]): WatchProjectsResponse =>
    create(WatchProjectsResponseSchema, {
      message: { case: "projects", value: { projects: ids.map((id) => ({ id, domains: ["development"] })) } },
    });

  it("is followed over a lost stream, and stays as it was meanwhile", async () => {
    const streams = [[projects("one")], [], [projects("one", "two")]];
    const transport = createRouterTransport((router) => {
      router.service(ProjectDirectoryService, {
        async *watchProjects() {
          yield* streams.shift() ?? [];
          throw new ConnectError("the region cannot be reached", Code.Unavailable);
        },
      });
    });
    const lists: string[][] = [];
    const stop = new AbortController();
    const client = createClient(ProjectDirectoryService, transport);
    const { log } = recordingLog();
    const onList = (all: KnownProject[]) => void lists.push(all.map(({ id }) => id));
    const following = followProjects({ client, onList, log }, stop.signal);
    await expect.poll(() => lists, soon).toEqual([["one"], ["one", "two"]]);
    stop.abort();
    await following;
  });
});
