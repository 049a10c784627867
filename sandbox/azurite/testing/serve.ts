/** A real azurite for a test, and before it an origin on loopback that speaks no TLS and passes everything on. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as plainRequest } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { freePort } from "../../../services/shared/testing/free-port.ts";
import { awaitListener } from "../../cloud/await-port.ts";
import { type Paths, paths } from "../../paths.ts";
import { ensureAuthority, ensureLeaf } from "../../pki.ts";
import { locateToolchain } from "../../toolchain/index.ts";
import { azuriteProcess } from "../start.ts";

export interface ServedAzurite {
  /** `<origin>/blob/<account>/<container>/<blob>`, without TLS. */
  origin: string;
  /** Where it listens itself, by TLS: PEM of the authority that signed its certificate. */
  port: number;
  authority: string;
  /** An access token that it takes: of the right form, signed by nobody. */
  tokenOf(objectId: string): Promise<string>;
  close(): Promise<void>;
}

export const tenant = "22222222-2222-4222-8222-222222222222";

export async function serveAzurite(account: string): Promise<ServedAzurite> {
  const folder = mkdtempSync(join(tmpdir(), "biplane-azurite-"));
  const here: Paths = { ...paths(), pki: join(folder, "pki") };
  const authority = await ensureAuthority(here);
  const { certificate, key } = await ensureLeaf(here, {
    name: "azurite",
    dns: ["localhost"],
    addresses: ["127.0.0.1"],
  });
  const [address, port] = ["127.0.0.1", await freePort()];
  const accountKey = randomBytes(32).toString("base64");
  const { command, args, env } = azuriteProcess({
    ...{ tools: locateToolchain(paths()), address, port, folder, certificate, key },
    account: { name: account, key: accountKey },
  });
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: "ignore" });
  await awaitListener(address, port);
  const ca = readFileSync(authority.certificate);
  const server = createServer((asked, response) => {
    const { method, headers } = asked;
    // As it stands: what a URL hides in its path must reach the judge.
    const path = (asked.url ?? "/").replace(/^\/blob/, "");
    const on = request({ host: address, port, ca, method, path, headers: { ...headers, host: `${address}:${port}` } });
    on.on("response", (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)));
    on.on("error", (error) => response.destroy(error));
    asked.pipe(on);
  });
  server.listen(0, address);
  await once(server, "listening");
  return {
    ...{ port, authority: authority.certificate },
    origin: `http://${address}:${(server.address() as AddressInfo).port}`,
    tokenOf: (objectId) =>
      new SignJWT({ oid: objectId, tid: tenant, ver: "1.0" })
        .setProtectedHeader({ alg: "HS256" })
        .setIssuer(`https://sts.windows.net/${tenant}/`)
        .setAudience("https://storage.azure.com")
        .setNotBefore("-1m")
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(randomBytes(32)),
    async close() {
      server.close();
      server.closeAllConnections();
      const ended = once(child, "exit");
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of a target as it stands, which `fetch` would tidy. */
export async function rawStatus(origin: string, method: string, target: string): Promise<number> {
  const { hostname, port } = new URL(origin);
  const sent = plainRequest({ hostname, port, method, path: target });
  sent.end();
  const [answer] = await once(sent, "response");
  answer.resume();
  return answer.statusCode;
}
