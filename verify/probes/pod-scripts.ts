/** What the probe's pods run: one line of Node each, since the platform's own image has nothing else. */

const dialMs = 5_000;

export function listenScript(port: number): string {
  // Whoever dials may hang up at once.
  return `require("node:net").createServer((socket) => socket.on("error", () => {}).end("here")).listen(${port})`;
}

/** Prints a JSON list, in the order of `to`: whether the connection stood, and what became of it. */
export function dialScript(to: readonly { host: string; port: number }[]): string {
  const ends = JSON.stringify(to.map(({ host, port }) => ({ host, port })));
  return `
    const { connect } = require("node:net");
    const dial = (to) => new Promise((resolve) => {
      const socket = connect({ ...to, timeout: ${dialMs} });
      const end = (connected, told) => { resolve({ connected, told }); socket.destroy(); };
      socket.once("connect", () => end(true, "connected"));
      socket.once("timeout", () => end(false, "silent for ${dialMs} ms"));
      socket.once("error", (error) => end(false, error.code ?? error.message));
    });
    ${tellOfAll("dial", ends)}
  `;
}

/** Prints a JSON list of how each spoke: only a handshake of TLS, or an alert of it, is TLS. */
export function handshakeScript(to: readonly { host: string; port: number }[]): string {
  const ports = Object.fromEntries(to.map(({ host }) => [host, [] as number[]]));
  for (const { host, port } of to) ports[host]?.push(port);
  return `
    const { connect } = require("node:tls");
    const shake = (to) => new Promise((resolve) => {
      const socket = connect({ ...to, rejectUnauthorized: false, timeout: ${dialMs} });
      let stood = false;
      const end = (speaks, told) => { resolve({ ...to, speaks, told }); socket.destroy(); };
      const lost = (told) => end(stood ? "not by TLS" : "nothing", told);
      socket.once("connect", () => { stood = true; });
      socket.once("secureConnect", () => end("by TLS", socket.getProtocol()));
      socket.once("timeout", () => lost("silent for ${dialMs} ms"));
      socket.once("error", ({ code, message }) =>
        /^ERR_SSL_.*ALERT/.test(code) ? end("by TLS", code) : lost(code ?? message));
      socket.once("close", () => lost("closed"));
    });
    const ends = Object.entries(${JSON.stringify(ports)}).flatMap(([host, all]) => all.map((port) => ({ host, port })));
    ${tellOfAll("shake", "ends")}
  `;
}

/**
 * @param attempt function of the script's own that tries one end, and answers with what was `told`
 * @param ends expression that is the list of them
 */
function tellOfAll(attempt: string, ends: string): string {
  return `
    // A listener that has just begun may need a moment.
    const patient = async (to) => {
      let last = await ${attempt}(to);
      for (let again = 0; again < 5 && last.told === "ECONNREFUSED"; again++) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        last = await ${attempt}(to);
      }
      return last;
    };
    Promise.all(${ends}.map(patient)).then((answers) => console.log(JSON.stringify(answers)));`;
}
