import { once } from "node:events";
import { type AddressInfo, createServer as createPlain, type Socket } from "node:net";
import { createServer, type TlsOptions } from "node:tls";
import { expect, it } from "vitest";
import { call, callForAWord } from "./callers.ts";
import { strangersPair } from "./stranger.ts";

const asked = { host: "localhost", channel: "biplane-tunnel", certificate: "none" } as const;
const wanting: TlsOptions = { requestCert: true, rejectUnauthorized: true };

/** @param serve what becomes of each connection once its handshake is over at this end */
async function relay<T>(
  options: TlsOptions,
  serve: (socket: Socket) => void,
  work: (port: number) => Promise<T>,
): Promise<T> {
  const server = createServer({ ...(await strangersPair()), ALPNProtocols: [asked.channel], ...options }, serve);
  server.on("tlsClientError", () => undefined);
  server.listen(0, "localhost");
  await once(server, "listening");
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

it("whoever wants a certificate says so, before the caller has said anything", async () => {
  await relay(
    wanting,
    () => undefined,
    async (port) => {
      expect(await call({ ...asked, port }, {})).toEqual({
        ...asked,
        outcome: "refused",
        told: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
      });
    },
  );
});

it("whoever answers a caller without one has served it", async () => {
  const serve = (socket: Socket) => socket.once("data", () => socket.end("settings"));
  await relay({}, serve, async (port) => {
    expect(await call({ ...asked, port }, {}, 1_000)).toMatchObject({ outcome: "served", told: "8 bytes" });
  });
});

it("whoever says nothing has left the connection open", async () => {
  await relay(
    {},
    (socket) => void socket.resume(),
    async (port) => {
      expect(await call({ ...asked, port }, {}, 200)).toMatchObject({ outcome: "left open", told: "for 200 ms" });
    },
  );
});

it("a reset is no word, and who is still without one at the third try has given none", async () => {
  let calls = 0;
  const server = createPlain((socket) => {
    calls++;
    socket.once("data", () => socket.resetAndDestroy());
  }).listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(await callForAWord({ ...asked, port }, {})).toMatchObject({ outcome: "refused", told: "ECONNRESET" });
  expect(calls).toBe(3);
  server.close();
});
