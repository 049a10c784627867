/** Requests to a gate on loopback, as Cloudflare's connector sends them: HTTP/1.1 with the host that was asked for. */
import { once } from "node:events";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

export interface Sent {
  host: string;
  path?: string;
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

/** @returns once the head is there. */
export async function send(port: number, { host, path = "/", method = "GET", headers = {}, body }: Sent) {
  const asked = request({ port, host: "127.0.0.1", path, method, headers: { host, ...headers }, agent: false });
  const answered = once(asked, "response");
  asked.end(body);
  const [response] = (await answered) as [IncomingMessage];
  return response;
}

export async function ask(port: number, sent: Sent) {
  const response = await send(port, sent);
  return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
}

/** For a browser of ../../../testing/browser.ts. */
export function overHttp1(port: number, more: Record<string, string> = {}): typeof fetch {
  return async (input, options) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const given = Object.fromEntries(new Headers(options?.headers));
    const {
      status,
      headers,
      text: body,
    } = await ask(port, {
      host: url.host,
      path: url.pathname + url.search,
      method: options?.method ?? "GET",
      headers: { accept: "text/html", ...given, ...more },
      ...(typeof options?.body === "string" ? { body: options.body } : {}),
    });
    const read = new Headers();
    for (const [name, value] of Object.entries(headers)) {
      for (const one of [value ?? []].flat()) read.append(name, String(one));
    }
    return new Response(status === 204 ? null : body, { status, headers: read });
  };
}

/** Bytes as they are, for what no client would send. @returns everything that came until the connection ended. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.setTimeout(5_000, () => socket.destroy());
  socket.on("error", () => undefined);
  socket.end(bytes);
  let all = "";
  socket.on("data", (chunk) => {
    all += String(chunk);
  });
  await once(socket, "close");
  return all;
}
