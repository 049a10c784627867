/** Dials the relay as no cluster can: without a certificate, and with one that nobody of the region's signed. */
import { connect } from "node:tls";
import { channels, type ProbedCaller } from "../facts-probes.ts";
import { strangersPair } from "./stranger.ts";

const patienceMs = 5_000;
/** HTTP/2's own first words; whoever serves answers them with its settings. */
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export async function probeCallers(host: string): Promise<ProbedCaller[]> {
  const pair = await strangersPair();
  const calls: ProbedCaller[] = [];
  for (const channel of channels)
    calls.push(
      await call({ host, channel, certificate: "none" }, {}),
      await call({ host, channel, certificate: "a stranger's own" }, pair),
    );
  return calls;
}

/** By TLS 1.3 a client's handshake ends before the server has judged it, so what counts is what comes after. */
function call(asked: Pick<ProbedCaller, "host" | "channel" | "certificate">, pair: object): Promise<ProbedCaller> {
  const { host, channel } = asked;
  return new Promise((resolve, reject) => {
    let connected = false;
    const end = (outcome: ProbedCaller["outcome"], told: string) => {
      resolve({ ...asked, outcome, told });
      socket.destroy();
    };
    const socket = connect({
      ...{ host, port: 443, servername: host, ALPNProtocols: [channel] },
      ...pair,
      rejectUnauthorized: false,
      timeout: patienceMs,
    });
    socket.once("connect", () => {
      connected = true;
    });
    socket.once("secureConnect", () => socket.write(preface));
    socket.once("data", (answer) => end("served", `${answer.length} bytes`));
    socket.once("timeout", () => (connected ? end("left open", `for ${patienceMs} ms`) : reject(silent())));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (connected) end("refused", error.code ?? error.message);
      else reject(new Error(`${host}:443 cannot be reached: ${error.message}`, { cause: error }));
    });
    socket.once("close", () => end("refused", "the other end closed"));
    const silent = () => new Error(`${host}:443 was silent for ${patienceMs} ms`);
  });
}
