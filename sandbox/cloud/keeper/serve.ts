/** The keeper before an emulator of a test's own, where there is no front: plain HTTP, one account. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "../../../shared/errors.ts";
import { answer, flatHeaders, readWhole } from "../front/exchange.ts";
import { exchange } from "../front/upstream.ts";
import { Keeper } from "./keeper.ts";
import { operations } from "./operations.ts";
import { Store } from "./store.ts";

const limitBytes = 64 * 1024 * 1024;

export interface ServedKeeper {
  endpoint: string;
  close(): void;
}

/** @param file where the keeper remembers */
export async function serveKeeper(account: string, emulatorPort: number, file: string): Promise<ServedKeeper> {
  const keeper = new Keeper(operations, new Store(file));
  const upstream = { address: "127.0.0.1", port: emulatorPort };
  const server = createServer(async (request, response) => {
    try {
      const { method = "GET", url: target = "/" } = request;
      const message = { method, target, headers: flatHeaders(request), body: await readWhole(request, limitBytes) };
      const made = await keeper.call(account, message, (passed) => exchange(upstream, passed));
      answer(response, made.status, made.headers, method === "HEAD" ? "" : made.body);
    } catch (error) {
      answer(response, 503, { "content-type": "text/plain" }, messageOf(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
