/** A port for a program that a test starts and that cannot choose one itself. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Free on loopback now. From below those that systems give to outgoing connections, so that none of these takes it
 * before the program does; by chance, so that tests that look at the same time get different ones.
 */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < 100; tried++) {
    const port = randomInt(15_000, 30_000);
    if (await canListen(port)) return port;
  }
  throw new Error("no port from 15000 to 29999 on 127.0.0.1 is free");
}

function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
