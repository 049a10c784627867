/** A bucket over HTTP, as far as the exporter uses one; it takes its time before and after it keeps an object. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";

export interface SlowBucket extends AsyncDisposable {
  url: string;
  /** Lines by key. */
  objects: Map<string, string>;
  /** Requests for an object that was there. */
  again: number;
  /** What a real bucket would have refused, or what a test must not see. */
  wrong: string[];
}

const slowMs = 60;

export async function slowBucket(): Promise<SlowBucket> {
  const bucket = { objects: new Map<string, string>(), again: 0, wrong: [] as string[] };
  const server = createServer((request, response) => void answer(bucket, request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(bucket, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
    },
  });
}

type Kept = Pick<SlowBucket, "objects" | "again" | "wrong">;

async function answer(kept: Kept, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const key = /^\/records-of-tests\/(records\/[^?]+)/.exec(decodeURIComponent(request.url ?? ""))?.[1];
  // Not a bucket's request: the measure of the lag.
  if (request.method !== "PUT" || key === undefined) return void response.writeHead(403).end();
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    await sleep(slowMs * Math.random());
    const status = keep(kept, key, request, body);
    await sleep(slowMs * Math.random());
    response.writeHead(status).end();
  } catch (error) {
    // A process that was killed while it sent.
    if (!request.destroyed) kept.wrong.push(String(error));
    response.destroy();
  }
}

function keep(kept: Kept, key: string, { headers }: IncomingMessage, body: Buffer): number {
  const { objects, wrong } = kept;
  const digest = createHash("sha256").update(body).digest("base64");
  if (headers["x-amz-checksum-sha256"] !== digest) wrong.push(`${key}: digest ${headers["x-amz-checksum-sha256"]}`);
  if (headers["if-none-match"] !== "*") wrong.push(`${key}: would replace`);
  const lines = gunzipSync(body).toString();
  const there = objects.get(key);
  if (there === undefined) {
    objects.set(key, lines);
    return 200;
  }
  if (there !== lines) wrong.push(`${key}: other content under the same name`);
  kept.again += 1;
  return 412;
}
