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
    // A listener that has just begun may need a moment.
    const patient = async (to) => {
      let last = await dial(to);
      for (let again = 0; again < 5 && last.told === "ECONNREFUSED"; again++) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        last = await dial(to);
      }
      return last;
    };
    Promise.all(${ends}.map(patient)).then((answers) => console.log(JSON.stringify(answers)));
  `;
}
