import { once } from "node:events";
import { type AddressInfo, createServer as createPlain } from "node:net";
import { createServer, type TlsOptions } from "node:tls";
import { describe, expect, it } from "vitest";
import { strangersPair } from "./stranger.ts";
import { offer, probeHosts } from "./tls.ts";

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
