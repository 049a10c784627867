/** Connects to the region's two hosts as anybody can, and asks for nothing but a handshake. */
import { readFileSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Collected } from "../../facts.ts";
import type { HostFact } from "../../facts-region.ts";
import type { ControlPlane } from "../../target.ts";
import { attempt, patienceMs } from "../attempt.ts";

const port = 443;

export async function collectHosts({
  endpoint,
  relayHost,
  caFile,
}: ControlPlane): Promise<Pick<Collected, "regionHosts">> {
  const ca = caFile ? readFileSync(caFile, "utf8") : undefined;
  const hosts = [endpoint, relayHost];
  const request = `openssl s_client -connect <host>:${port} -servername <host>; curl http://<host>:${port}/; hosts: ${hosts.join(", ")}`;
  return { regionHosts: await attempt(request, () => Promise.all(hosts.map((host) => readHost(host, ca)))) };
}

async function readHost(host: string, ca: string | undefined): Promise<HostFact> {
  const [secure, plainAnswer] = await Promise.all([handshake(host, ca), speakPlainly(host)]);
  return { host, ...secure, ...(plainAnswer ? { plainAnswer } : {}) };
}

/** Whom the certificate is from and for is recorded, not required. A host that wants the client's own is left at that. */
function handshake(host: string, ca: string | undefined): Promise<Omit<HostFact, "host" | "plainAnswer">> {
  return new Promise((resolve, reject) => {
    const trust = { rejectUnauthorized: false, ...(ca ? { ca } : {}) };
    const socket = connectTls({ host, port, servername: host, timeout: patienceMs, ...trust });
    socket.once("secureConnect", () => {
      resolve(describe(socket));
      socket.destroy();
    });
    socket.once("timeout", () => socket.destroy(silent(host)));
    socket.once("error", reject);
  });
}

/** Who says nothing has not refused either. */
const silent = (host: string) => new Error(`${host}:${port} was silent for ${patienceMs} ms`);

function describe(socket: TLSSocket): Omit<HostFact, "host" | "plainAnswer"> {
  const { subjectaltname = "", valid_to: until } = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher().standardName,
    trusted: socket.authorized,
    certificateFor: subjectaltname.split(", ").map((name) => name.replace(/^(DNS|IP Address):/, "")),
    certificateUntil: new Date(until).toISOString(),
  };
}

/** @returns the first line of the answer, or undefined: that the other end hung up is what is wanted. */
function speakPlainly(host: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connectPlain({ host, port, timeout: patienceMs });
    socket.once("connect", () => socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
    socket.once("data", (answer) => {
      resolve(answer.toString("latin1").split("\r\n")[0]);
      socket.destroy();
    });
    socket.once("close", () => resolve(undefined));
    socket.once("timeout", () => socket.destroy(silent(host)));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNRESET" ? resolve(undefined) : reject(error),
    );
  });
}
