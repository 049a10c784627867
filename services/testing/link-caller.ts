/** What tests of the link ask of it from outside: a caller's token, and which relay has a tunnel. */
import { once } from "node:events";
import { ConnectError } from "@connectrpc/connect";
import { z } from "zod";
import { upstream } from "../shared/client.ts";
import type { LinkWorld, Relay } from "./link-world.ts";

const tokenSchema = z.object({ access_token: z.string() });

/** An access token by client credentials, through the gateway. */
export async function tokenOf(world: LinkWorld, who: keyof LinkWorld["applications"]): Promise<string> {
  const { clientId, secret } = world.applications[who];
  const response = await fetch(`https://${world.gatewayHost}/oauth2/v1/token`, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa(`${clientId}:${encodeURIComponent(secret)}`)}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "grant_type=client_credentials&scope=all",
  });
  return tokenSchema.parse(await response.json()).access_token;
}

/** Whether the relay has a tunnel to the cluster, as it tells its peers. */
export async function hasTunnel({ service }: Relay, cluster = "acme/main"): Promise<boolean> {
  const { sessions, close } = upstream(`http://127.0.0.1:${service.port}`);
  const stream = await sessions.request("GET", `/tunnels/${cluster}`, {}, {});
  let status: number | undefined;
  stream.once("response", (headers) => {
    status = headers[":status"];
  });
  stream.resume().end();
  await once(stream, "close");
  close();
  return status === 200;
}

/** @returns "ok", or the code that the call was refused with */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    return /^\[(\w+)\]/.exec(ConnectError.from(error).message)?.[1] ?? "?";
  }
}
