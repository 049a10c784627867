/** The public API as any Connect client sees it: through the edge, over TLS, with a token by client credentials. */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { z } from "zod";
import { environment } from "./local-run.ts";

const ca = readFileSync(environment.caFile);
const tokenSchema = z.object({ access_token: z.string(), expires_in: z.number() });

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface HttpOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** The path as it stands, where a URL would have been normalised. @default the URL's own */
  rawPath?: string;
}

/** One HTTPS request that trusts the local authority. */
export function https(
  url: string,
  { method = "GET", headers = {}, body, rawPath }: HttpOptions = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers, ca, ...(rawPath === undefined ? {} : { path: rawPath }) },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
        answer.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

export async function accessToken(): Promise<string> {
  const secret = readFileSync(environment.clientSecretFile, "utf8");
  const answer = await https(`https://${environment.endpoint}/oauth2/v1/token`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `Basic ${Buffer.from(`${environment.clientId}:${encodeURIComponent(secret)}`).toString("base64")}`,
    },
    body: "grant_type=client_credentials",
  });
  if (answer.status !== 200) throw new Error(`token endpoint: ${answer.status} ${answer.body}`);
  return tokenSchema.parse(JSON.parse(answer.body.toString())).access_token;
}

/** @param token `undefined` for a caller without one. */
export function api<S extends DescService>(service: S, token: string | undefined): Client<S> {
  const transport = createConnectTransport({
    baseUrl: `https://${environment.endpoint}`,
    httpVersion: "2",
    nodeOptions: { ca },
    interceptors: [
      (next) => (req) => {
        if (token) req.header.set("authorization", `Bearer ${token}`);
        return next(req);
      },
    ],
  });
  return createClient(service, transport);
}
