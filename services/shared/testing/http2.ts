/** One request over HTTP/2, read to its end. */
import type { OutgoingHttpHeaders } from "node:http2";
import type { StreamSource } from "../proxy.ts";

export async function postText(
  to: StreamSource,
  path: string,
  headers: OutgoingHttpHeaders,
  body = "",
): Promise<string> {
  const stream = await to.request("POST", path, headers, {});
  // What goes wrong is thrown below; after the end a closed connection is no error of the request.
  stream.on("error", () => undefined);
  stream.end(body);
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
}
