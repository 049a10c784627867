import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttp2 } from "node:http2";
import { type AddressInfo, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { createServer as createTls } from "node:tls";
import type { V1Pod } from "@kubernetes/client-node";
import { afterEach, describe, expect, it } from "vitest";
import { heard } from "./listeners.ts";
import { handshakeScript } from "./pod-scripts.ts";
import { strangersPair } from "./stranger.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on("error", () => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("the script of the pod that tries handshakes", () => {
  it("tells TLS from all else, also where a certificate is asked for or the handshake is refused in its words", async () => {
    const pair = await strangersPair();
    const quiet = (server: ReturnType<typeof createTls>) => server.on("tlsClientError", () => undefined) as Server;
    const ports = {
      tls: await listening(quiet(createTls(pair))),
      mutual: await listening(quiet(createTls({ ...pair, requestCert: true, rejectUnauthorized: true }))),
      old: await listening(quiet(createTls({ ...pair, maxVersion: "TLSv1.1", minVersion: "TLSv1" }))),
      clear: await listening(createServer((socket) => socket.on("error", () => undefined).end("here"))),
      http2: await listening(createHttp2() as unknown as Server),
      closing: await listening(createServer((socket) => socket.on("error", () => undefined).destroy())),
    };
    const gone = await listening(createServer());
    servers.at(-1)?.close();
    const to = [...Object.values(ports), gone].map((port) => ({ host: "127.0.0.1", port }));
    const node = spawn(process.execPath, ["-e", handshakeScript(to)], { stdio: ["ignore", "pipe", "inherit"] });
    const answers: { port: number; speaks: string }[] = JSON.parse(await text(node.stdout));
    const speaks = Object.fromEntries(answers.map((answer) => [answer.port, answer.speaks]));
    expect(Object.entries(ports).map(([name, port]) => [name, speaks[port]])).toEqual([
      ["tls", "by TLS"],
      ["mutual", "by TLS"],
      ["old", "by TLS"],
      ["clear", "not by TLS"],
      ["http2", "not by TLS"],
      ["closing", "not by TLS"],
    ]);
    expect(speaks[gone]).toBe("nothing");
  });
});

describe("what was heard", () => {
  const pod: V1Pod = {
    metadata: { namespace: "union", name: "runs-x" },
    spec: { containers: [{ name: "runs", ports: [{ containerPort: 8080 }] }] },
    status: { podIP: "10.0.0.2" },
  };
  const control = { clear: "10.0.0.1" };
  const said = (host: string, port: number, speaks: "by TLS" | "not by TLS" | "nothing") => ({
    ...{ host, port, speaks, told: "told" },
  });
  const clear = said("10.0.0.1", 8080, "not by TLS");
  const api = said("kubernetes.default.svc", 443, "by TLS");

  it("is each declared port, and what was found open beside them", () => {
    const answers = [
      ...[clear, api, said("10.0.0.2", 8080, "by TLS"), said("10.0.0.2", 9229, "not by TLS")],
      said("10.0.0.2", 443, "nothing"),
    ];
    expect(heard([pod], answers, control)).toMatchObject([
      { pod: "union/runs-x", container: "runs", port: 8080, declared: true, speaks: "by TLS" },
      { pod: "union/runs-x", port: 9229, declared: false, speaks: "not by TLS", kubelet: "not at all" },
    ]);
  });

  it("is nothing of a port that was not tried", () => {
    expect(heard([pod], [clear, api], control)).toMatchObject([
      { port: 8080, speaks: "nothing", told: "was not tried" },
    ]);
  });

  it.each([
    ["what is in clear passes for TLS", [{ ...clear, speaks: "by TLS" as const }, api], /in clear/],
    ["what is in clear is not reached", [{ ...clear, speaks: "nothing" as const }, api], /in clear/],
    ["the API is not reached", [clear, { ...api, speaks: "nothing" as const }], /the cluster's API speaks by TLS/],
    ["a control was not tried", [clear], /heard to speak not at all/],
  ])("is nothing at all where %s", (_, answers, why) => {
    expect(() => heard([pod], answers, control)).toThrow(why);
  });
});
