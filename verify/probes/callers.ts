/** Dials the relay as no cluster can: without a certificate, and with one that nobody of the region's signed. */
import { connect } from "node:tls";
import { channels, type ProbedCaller } from "../facts-probes.ts";
import { strangersPair } from "./stranger.ts";

/** A busy relay takes its time; only then is a connection said to be left open. */
const patienceMs = 20_000;
/**
 * Before the caller says anything: a server that wants a certificate says so by itself, and words that cross its own can
 * have the connection reset before they are read.
 */
const listeningMs = 1_000;
/** Where the network ended what the server may have had a word on. */
const wordless = /^(?:ECONNRESET|EPIPE)$/;
const triesForAWord = 3;
/** HTTP/2's own first words; whoever serves answers them with its settings. */
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

type Asked = Pick<ProbedCaller, "host" | "channel" | "certificate"> & { port?: number };

export async function probeCallers(host: string): Promise<ProbedCaller[]> {
  const pair = await strangersPair();
  const calls: ProbedCaller[] = [];
  for (const channel of channels)
    calls.push(
      await callForAWord({ host, channel, certificate: "none" }, {}),
      await callForAWord({ host, channel, certificate: "a stranger's own" }, pair),
    );
  return calls;
}

/** Again where the network ended it: a reset can overtake the server's own word. */
export async function callForAWord(asked: Asked, pair: object): Promise<ProbedCaller> {
  let called = await call(asked, pair);
  for (let tried = 1; tried < triesForAWord && wordless.test(called.told); tried++) called = await call(asked, pair);
  return called;
}

/** By TLS 1.3 a client's handshake ends before the server has judged it, so what counts is what comes after. */
export function call({ port = 443, ...asked }: Asked, pair: object, withinMs = patienceMs): Promise<ProbedCaller> {
  const { host, channel } = asked;
  return new Promise((resolve, reject) => {
    let connected = false;
    const end = (outcome: ProbedCaller["outcome"], told: string) => {
      clearTimeout(listening);
      resolve({ ...asked, outcome, told });
      socket.destroy();
    };
    const socket = connect({
      ...{ host, port, servername: host, ALPNProtocols: [channel] },
      ...pair,
      rejectUnauthorized: false,
      timeout: withinMs,
    });
    let listening: NodeJS.Timeout | undefined;
    socket.once("connect", () => {
      connected = true;
    });
    socket.once("secureConnect", () => {
      listening = setTimeout(() => socket.write(preface), Math.min(listeningMs, withinMs / 2));
    });
    socket.once("data", (answer) => end("served", `${answer.length} bytes`));
    socket.once("timeout", () => (connected ? end("left open", `for ${withinMs} ms`) : reject(silent())));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (connected) end("refused", error.code ?? error.message);
      else reject(new Error(`${host}:${port} cannot be reached: ${error.message}`, { cause: error }));
    });
    socket.once("close", () => end("refused", "the other end closed"));
    const silent = () => new Error(`${host}:${port} was silent for ${withinMs} ms`);
  });
}
