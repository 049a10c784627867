/** The keeper before an emulator of a test's own, where there is no front: plain HTTP, an endpoint for each account. */
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
  endpoint(account: string): string;
  close(): void;
}

/** @param file where the keeper remembers */
export async function serveKeeper(
  accounts: readonly string[],
  emulatorPort: number,
  file: string,
): Promise<ServedKeeper> {
  const keeper = new Keeper(operations, new Store(file));
  const served = await Promise.all(accounts.map((account) => serveAccount(keeper, account, emulatorPort)));
  return {
    endpoint(account) {
      const endpoint = served[accounts.indexOf(account)]?.endpoint;
      if (!endpoint) throw new Error(`account ${account} is none of ${accounts.join(", ")}`);
      return endpoint;
    },
    close() {
      for (const each of served) each.close();
    },
  };
}

async function serveAccount(keeper: Keeper, account: string, emulatorPort: number) {
  const upstream = { address: "127.0.0.1", port: emulatorPort };
  const server = createServer(async (request, response) => {
    try {
      const { method = "GET", url: target = "/" } = request;
      // The emulator tells accounts apart by this header.
      const headers = { ...flatHeaders(request), "x-moto-account-id": account };
      const message = { method, target, headers, body: await readWhole(request, limitBytes) };
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
