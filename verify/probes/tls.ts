/** Handshakes that offer one version of TLS each, and a request in clear to port 80. */
import { once } from "node:events";
import { type AddressInfo, connect as connectPlain } from "node:net";
import { connect as connectTls, createServer } from "node:tls";
import { type ProbedHost, type TlsVersion, tlsVersions } from "../facts-probes.ts";
import { strangersPair } from "./stranger.ts";

const port = 443;
const plainPort = 80;
/** Characters: enough for whatever says that it refuses. */
const mostAnswered = 16_384;
const patienceMs = 5_000;
/** For a word on a version: a busy host takes its time, and silence decides nothing. */
const wordMs = 20_000;
const oldVersions: readonly TlsVersion[] = ["TLSv1", "TLSv1.1"];
/** What these need, and no present client offers by itself. */
const oldCiphers = "DEFAULT@SECLEVEL=0";

interface AskedHost extends Pick<ProbedHost, "host" | "purpose"> {
  /** In clear: method and path, without a body. @default GET / */
  asked?: string;
}

/** @throws Error where this machine cannot offer an old version: a refusal of a host would then say nothing of it. */
export async function probeHosts(hosts: readonly AskedHost[]): Promise<ProbedHost[]> {
  await canOfferOld();
  return Promise.all(
    hosts.map(async ({ host, purpose, asked = "GET /" }) => {
      const [tls, plain] = await Promise.all([
        Promise.all(tlsVersions.map((version) => offer({ host, port, servername: host }, version))),
        askPlainly({ host, port: plainPort }, asked),
      ]);
      return { host, purpose, tls, plain };
    }),
  );
}

/** The positive control: a server of our own on loopback that takes old versions is reached by the same offers. */
async function canOfferOld(): Promise<void> {
  const pair = await strangersPair();
  const server = createServer({ ...pair, minVersion: "TLSv1", ciphers: oldCiphers }, (socket) => socket.end());
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    for (const version of oldVersions) {
      const { accepted, told } = await offer(
        { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
        version,
      );
      if (!accepted) throw new Error(`the TLS library of this machine cannot offer ${version}: ${told}`);
    }
  } finally {
    server.close();
  }
}

export interface Where {
  host: string;
  port: number;
  servername?: string;
}

/**
 * @throws Error where nothing listens, and where nothing is said: only an end after the connection stood is a refusal.
 * @param withinMs in which something must be said
 */
export function offer(where: Where, version: TlsVersion, withinMs = wordMs): Promise<ProbedHost["tls"][number]> {
  return new Promise((resolve, reject) => {
    const old = oldVersions.includes(version) ? { ciphers: oldCiphers } : {};
    const versions = { minVersion: version, maxVersion: version };
    const socket = connectTls({ ...where, ...versions, ...old, rejectUnauthorized: false, timeout: withinMs });
    const silence = new Error(`silent for ${withinMs} ms`);
    let connected = false;
    const refused = (told: string) => resolve({ version, accepted: false, told });
    socket.once("connect", () => {
      connected = true;
    });
    socket.once("secureConnect", () => {
      resolve({ version, accepted: true, told: socket.getCipher().standardName });
      socket.destroy();
    });
    socket.once("timeout", () => socket.destroy(silence));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (connected && error !== silence) refused(error.code ?? error.message);
      else reject(new Error(`${where.host}:${where.port} cannot be reached: ${error.message}`, { cause: error }));
    });
    socket.once("close", () => refused("the other end closed"));
  });
}

/** One request in clear, to its end: an API says in its answer's body why it refuses. */
export function askPlainly(
  where: Pick<Where, "host" | "port">,
  asked: string,
  withinMs = patienceMs,
): Promise<ProbedHost["plain"]> {
  return new Promise((resolve) => {
    const socket = connectPlain({ ...where, timeout: withinMs });
    let answer = "";
    const end = (otherwise: ProbedHost["plain"]) => {
      resolve(answer === "" ? otherwise : { outcome: "answered", told: firstLines(answer) });
      socket.destroy();
    };
    const headers = [`Host: ${where.host}`, "Content-Length: 0", "Connection: close"];
    socket.once("connect", () => socket.write(`${[`${asked} HTTP/1.1`, ...headers].join("\r\n")}\r\n\r\n`));
    socket.on("data", (piece) => {
      answer += piece.toString("latin1");
      if (answer.length > mostAnswered) socket.destroy();
    });
    socket.once("timeout", () => end({ outcome: "silent", told: `for ${withinMs} ms` }));
    socket.once("error", ({ code, message }: NodeJS.ErrnoException) =>
      end({ outcome: "closed", told: code ?? message }),
    );
    socket.once("close", () => end({ outcome: "closed", told: "without an answer" }));
  });
}

/** The status, where it sends the client, and what an API says of its refusal. */
function firstLines(answer: string): string {
  const [head = "", ...body] = answer.split("\r\n\r\n");
  const [status = "", ...headers] = head.split("\r\n");
  const message = /"message":\s*"([^"\\]{1,200})"/.exec(body.join("\r\n\r\n"))?.[1];
  const sentTo = headers.filter((line) => /^location:/i.test(line));
  return [status, ...sentTo, ...(message ? [message] : [])].join("; ");
}
