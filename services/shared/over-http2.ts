/** One request to a service of ours that is no RPC, read to its end: HTTP/2 is all that services speak between them. */
import type { OutgoingHttpHeaders } from "node:http2";
import type { StreamSource } from "./proxy.ts";

const maxBytes = 256 * 1024;

export interface Asked {
  path: string;
  headers: OutgoingHttpHeaders;
  /** Sent by POST. @default a GET */
  form?: URLSearchParams;
  signal: AbortSignal;
}

/** @returns status and body, at most 256 KiB of it. */
export async function askOverHttp2(to: StreamSource, { path, headers, form, signal }: Asked): Promise<Response> {
  const type = form ? { "content-type": "application/x-www-form-urlencoded" } : {};
  const stream = await to.request(form ? "POST" : "GET", path, { ...headers, ...type }, {});
  const abort = () => stream.close();
  // Errors are thrown by the loop below; a connection that fails after the answer must not end the process.
  stream.on("error", () => undefined);
  signal.addEventListener("abort", abort);
  try {
    let status = 0;
    stream.once("response", (answered) => {
      status = answered[":status"] ?? 0;
    });
    if (form) stream.end(form.toString());
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new Error(`${path} answered more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    if (signal.aborted) throw new Error(`${path} did not answer in time`);
    if (status === 0) throw new Error(`${path} did not answer`);
    return new Response(Buffer.concat(chunks), { status });
  } finally {
    signal.removeEventListener("abort", abort);
    stream.close();
  }
}
