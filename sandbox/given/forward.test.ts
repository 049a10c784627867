import { createServer, type IncomingMessage, request as plainRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { forwarder } from "./forward.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import { ownerConnection } from "./owner-api.ts";
import { goodCluster, kubeconfigOf, workshop } from "./testing/fake-cluster.ts";

const shop = workshop();
const fronts: Server[] = [];
afterAll(() => {
  for (const front of fronts) {
    front.close();
    front.closeAllConnections();
  }
  shop.close();
});

const seen: IncomingMessage["headers"][] = [];
const served = await shop.serve(
  "api",
  goodCluster({
    handle(request, response) {
      seen.push(request.headers);
      if (request.url === "/watch") {
        response.writeHead(200, { "content-type": "application/json" });
        response.write("first\n");
        return true;
      }
      if (request.url !== "/broken") return false;
      response.writeHead(200);
      response.write("half");
      setTimeout(() => response.destroy(), 20);
      return true;
    },
  }),
);
served.server.on("upgrade", (request, socket) => {
  if (request.url === "/refuse") return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n");
  return socket.pipe(socket);
});

async function front(kubeconfig = served.kubeconfig): Promise<number> {
  const { request, upgrade } = forwarder(ownerConnection(loadKubeconfig("customer", kubeconfig)));
  const server = createServer(request).on("upgrade", upgrade);
  fronts.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const get = (port: number, path: string, headers: Record<string, string> = {}) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    plainRequest({ port, path, headers }, resolve).once("error", reject).end();
  });

test("the owner's credentials take the place of the caller's, and nobody speaks for a front proxy", async () => {
  const answer = await get(await front(), "/version", {
    authorization: "Bearer callers",
    "x-remote-user": "admin",
    accept: "application/yaml",
  });
  expect(await text(answer)).toContain("gitVersion");
  expect(seen.at(-1)).toMatchObject({ authorization: "Bearer owners-token", accept: "application/yaml" });
  expect(seen.at(-1)).not.toHaveProperty("x-remote-user");
});

test("an owner without a token, as with a certificate, does not let the caller's through", async () => {
  const file = shop.file("certificate", kubeconfigOf(served.url, {}, served.ca));
  await get(await front(file), "/version", { authorization: "Bearer callers" });
  expect(seen.at(-1)).not.toHaveProperty("authorization");
});

test("what has no end comes as it is said", async () => {
  const answer = await get(await front(), "/watch");
  const [first] = await Promise.race([
    answer.take(1).toArray(),
    new Promise<never[]>((r) => setTimeout(r, 20_000, [])),
  ]);
  expect(String(first)).toBe("first\n");
  answer.destroy();
});

test("an answer that breaks off is not passed on as whole", async () => {
  await expect(get(await front(), "/broken").then(text)).rejects.toThrow(/aborted/);
});

test("an upgraded connection passes both ways", async () => {
  const port = await front();
  const headers = { connection: "Upgrade", upgrade: "SPDY/3.1" };
  const said = await new Promise<string>((resolve, reject) => {
    const sent = plainRequest({ port, path: "/exec", headers, method: "POST" });
    sent.once("upgrade", (answer, socket) => {
      socket.once("data", (data) => {
        resolve(`${answer.headers.upgrade} ${data}`);
        socket.destroy();
      });
      socket.write("ping");
    });
    sent.once("error", reject).end();
  });
  expect(said).toBe("SPDY/3.1 ping");
});

test("a refused upgrade is told as it was refused", async () => {
  const answer = await get(await front(), "/refuse", { connection: "Upgrade", upgrade: "websocket" });
  expect([answer.statusCode, await text(answer)]).toEqual([403, "no"]);
});

test("a cluster that does not answer is unavailable, in an API server's words", async () => {
  const file = shop.file("dead", kubeconfigOf("https://127.0.0.1:1", { token: "t" }));
  const answer = await get(await front(file), "/version");
  expect(answer.statusCode).toBe(503);
  expect(JSON.parse(await text(answer))).toMatchObject({ kind: "Status", reason: "ServiceUnavailable" });
});
