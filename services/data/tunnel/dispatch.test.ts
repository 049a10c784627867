import { describe, expect, it } from "vitest";
import { upstream } from "../../shared/client.ts";
import { answerJson, type HttpHandler } from "../../shared/http.ts";
import { startServer } from "../../shared/server.ts";
import { postText } from "../../shared/testing/http2.ts";
import { recordingLog } from "../../shared/testing/log.ts";
import { fromRegion, toRegion } from "./dispatch.ts";

const { log } = recordingLog();

/** A service that tells its name and the authorization that reached it. */
async function service(name: string) {
  const handler: HttpHandler = (request, response) => {
    answerJson(response, 200, { name, authorization: request.headers.authorization ?? "none" });
  };
  const server = await startServer({ port: 0, handler, log });
  return { server, sessions: upstream(`http://127.0.0.1:${server.port}`).sessions };
}

async function ask(handler: HttpHandler, path: string) {
  const server = await startServer({ port: 0, handler, log });
  const { sessions, close } = upstream(`http://127.0.0.1:${server.port}`);
  const text = await postText(sessions, path, { authorization: "Bearer user" });
  close();
  await server.close(0);
  return JSON.parse(text);
}

describe("what the region asks of a compute plane", () => {
  it.each([
    ["/biplane.objectstore.v1.ObjectStoreService/SignUpload", { name: "objects", authorization: "Bearer user" }],
    ["/biplane.logs.v1.LogService/TailLogs", { name: "logs", authorization: "Bearer user" }],
    ["/biplane.events.v1.EventService/WatchEvents", { name: "logs", authorization: "Bearer user" }],
    ["/biplane.metrics.v1.MetricsService/WatchMetrics", { name: "logs", authorization: "Bearer user" }],
    ["/biplane.secrets.v1.SecretStoreService/GetSecret", { name: "secrets", authorization: "Bearer user" }],
  ])("%s goes to its service, with the user's token", async (path, answer) => {
    const all = await Promise.all([service("objects"), service("logs"), service("secrets")]);
    const [objectStore, logProvider, secrets] = all.map(({ sessions }) => sessions);
    if (!objectStore || !logProvider || !secrets) throw new Error("three services were started");
    expect(await ask(fromRegion({ objectStore, logProvider, secrets, log }), path)).toEqual(answer);
    await Promise.all(all.map(({ server }) => server.close(0)));
  });

  it.each([
    "/api/v1/namespaces/union/secrets",
    "/pinned/keys",
    "/biplane.queue.v1.ExecutorQueueService/Lease",
    "/biplane.objectstore.v1.ObjectStoreServiceX/Get",
    "//biplane.objectstore.v1.ObjectStoreService/SignUpload",
  ])("%s is refused", async (path) => {
    const objects = await service("objects");
    const { sessions } = objects;
    const handler = fromRegion({ objectStore: sessions, logProvider: sessions, secrets: sessions, log });
    expect((await ask(handler, path)).code).toBe("unimplemented");
    await objects.server.close(0);
  });
});

describe("what a compute plane asks of its region", () => {
  it.each([
    "/biplane.queue.v1.ExecutorQueueService/Lease",
    "/biplane.projects.v1.ProjectDirectoryService/WatchProjects",
  ])("carries no token: the certificate says who asks %s", async (path) => {
    const region = await service("region");
    const handler = toRegion(region.sessions, () => undefined, log);
    const answer = await ask(handler, path);
    expect(answer).toEqual({ name: "region", authorization: "none" });
    await region.server.close(0);
  });

  it("serves the pinned keys, and says when there are none yet", async () => {
    const nowhere = { request: () => Promise.reject(new Error("down")) };
    expect(
      await ask(
        toRegion(nowhere, () => '{"keys":[]}', log),
        "/pinned/keys",
      ),
    ).toEqual({ keys: [] });
    expect(
      (
        await ask(
          toRegion(nowhere, () => undefined, log),
          "/pinned/keys",
        )
      ).code,
    ).toBe("unavailable");
  });

  it("is unavailable while the region cannot be reached", async () => {
    const nowhere = { request: () => Promise.reject(new Error("down")) };
    const handler = toRegion(nowhere, () => undefined, log);
    expect((await ask(handler, "/biplane.queue.v1.ExecutorQueueService/Report")).code).toBe("unavailable");
  });
});
