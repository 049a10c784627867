/** A port for a program that a test starts and that cannot choose one itself. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

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

/** For a program that has this port and no other, which an outgoing connection of anybody may hold for a while. */
export async function untilFree(port: number): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(100)) if (await canListen(port)) return;
  throw new Error(`port ${port} on 127.0.0.1 is in use for longer than a minute`);
}

function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
