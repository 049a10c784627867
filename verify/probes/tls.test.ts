import { once } from "node:events";
import { type AddressInfo, createServer as createPlain } from "node:net";
import { setTimeout } from "node:timers/promises";
import { createServer, type TlsOptions } from "node:tls";
import { describe, expect, it } from "vitest";
import { strangersPair } from "./stranger.ts";
import { askPlainly, offer, probeHosts } from "./tls.ts";

async function serving<T>(
  options: TlsOptions,
  work: (where: { host: string; port: number }) => Promise<T>,
): Promise<T> {
  const server = createServer({ ...(await strangersPair()), ...options }, (socket) => socket.end());
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await work({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  } finally {
    server.close();
  }
}

describe("an offer of one version", () => {
  it("is taken by whoever speaks it, and refused by whoever speaks newer ones only", async () => {
    await serving({ minVersion: "TLSv1.2" }, async (where) => {
      expect((await offer(where, "TLSv1")).accepted).toBe(false);
      expect((await offer(where, "TLSv1.1")).told).toMatch(/PROTOCOL_VERSION/);
      expect(await offer(where, "TLSv1.2")).toMatchObject({ accepted: true, version: "TLSv1.2" });
      expect((await offer(where, "TLSv1.3")).accepted).toBe(true);
    });
  });

  it("is taken in an old version by a server that still has it: a refusal is the server's, not this machine's", async () => {
    await serving({ minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" }, async (where) => {
      expect((await offer(where, "TLSv1")).accepted).toBe(true);
      expect((await offer(where, "TLSv1.1")).accepted).toBe(true);
    });
    expect(await probeHosts([])).toEqual([]);
  });

  it("is no refusal where nothing listens", async () => {
    const gone = await serving({}, (where) => Promise.resolve(where));
    await expect(offer(gone, "TLSv1")).rejects.toThrow(/127\.0\.0\.1:\d+ cannot be reached/);
  });

  it("is no refusal where somebody listens and says nothing", async () => {
    const mute = createPlain().listen(0, "127.0.0.1");
    await once(mute, "listening");
    const where = { host: "127.0.0.1", port: (mute.address() as AddressInfo).port };
    await expect(offer(where, "TLSv1", 50)).rejects.toThrow("cannot be reached: silent for 50 ms");
    mute.close();
  });
});

describe("a request in clear", () => {
  /** To a server that answers so, piece by piece. */
  async function told(pieces: readonly string[], close = true) {
    const asked: string[] = [];
    const server = createPlain((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", async (request) => {
        asked.push(request.toString());
        for (const piece of pieces) {
          socket.write(piece);
          await setTimeout(10);
        }
        if (close) socket.end();
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const where = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
    try {
      return { answer: await askPlainly(where, "POST /v2/entries:write", 300), asked };
    } finally {
      server.close();
    }
  }

  it("is told by its status, where it leads, and what the answer's body says of it, however it comes", async () => {
    const moved = await told(["HTTP/1.1 301 Moved\r\nLocation: https://api.test/\r\n\r\nmoved"]);
    expect(moved.answer).toEqual({ outcome: "answered", told: "HTTP/1.1 301 Moved; Location: https://api.test/" });
    expect(moved.asked[0]).toMatch(
      /^POST \/v2\/entries:write HTTP\/1\.1\r\nHost: 127\.0\.0\.1\r\nContent-Length: 0\r\n/,
    );
    const body = JSON.stringify({ error: { code: 403, message: "SSL is required to perform this operation." } });
    const refused = await told(["HTTP/1.1 403 For", "bidden\r\ncontent-type: application/json\r\n\r\n", body]);
    expect(refused.answer.told).toBe("HTTP/1.1 403 Forbidden; SSL is required to perform this operation.");
  });

  it("is told from silence and from an end without a word", async () => {
    expect((await told([], false)).answer).toEqual({ outcome: "silent", told: "for 300 ms" });
    expect((await told([])).answer).toEqual({ outcome: "closed", told: "without an answer" });
    expect(await askPlainly({ host: "127.0.0.1", port: 1 }, "GET /")).toEqual({
      outcome: "closed",
      told: "ECONNREFUSED",
    });
  });

  it("counts what was said before the other end fell silent, or said too much", async () => {
    const slow = await told(["HTTP/1.1 200 OK\r\n\r\nhe"], false);
    expect(slow.answer).toEqual({ outcome: "answered", told: "HTTP/1.1 200 OK" });
    const endless = await told(["HTTP/1.1 200 OK\r\n\r\n", "x".repeat(100_000)], false);
    expect(endless.answer).toEqual({ outcome: "answered", told: "HTTP/1.1 200 OK" });
  });
});
