/** A service account's way in: client credentials for a token, at the region's own token endpoint. */
import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { UserError } from "./errors.ts";

const tokenSchema = z.object({ access_token: z.string() });
const refusedSchema = z.object({ error_description: z.string() });

export interface SignIn {
  /** Host of the API. */
  endpoint: string;
  clientId: string;
  secret: string;
  /** PEM of the authorities that are trusted. @default the usual ones */
  ca: string | undefined;
}

/** What an edge says of a service that is being started anew; asked again for as long as that takes. */
const away = new Set([502, 503, 504]);
const patienceMs = 20_000;

/** @returns an access token. @throws UserError with what the endpoint said */
export async function signIn(asked: SignIn, pauseMs = 1_000): Promise<string> {
  const { endpoint, clientId } = asked;
  const end = Date.now() + patienceMs;
  let answer = await ask(asked);
  while (away.has(answer.status) && Date.now() < end) {
    await sleep(pauseMs);
    answer = await ask(asked);
  }
  const { status, body } = answer;
  const told = parsed(body);
  const token = tokenSchema.safeParse(told);
  if (status === 200 && token.success) return token.data.access_token;
  const why = refusedSchema.safeParse(told);
  const said = why.success ? why.data.error_description : `it answered ${status}`;
  throw new UserError(`${endpoint} does not sign ${clientId} in: ${said}`, { exitCode: 1 });
}

function ask({ endpoint, clientId, secret, ca }: SignIn) {
  const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`;
  return post(`https://${endpoint}/oauth2/v1/token`, {
    ca,
    authorization: `Basic ${Buffer.from(credentials).toString("base64")}`,
    body: "grant_type=client_credentials",
  });
}

/** @returns undefined for what is no JSON: an edge answers in words of its own */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

interface Post {
  ca: string | undefined;
  authorization: string;
  body: string;
}

function post(url: string, { ca, authorization, body }: Post): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(new UserError(`${url} cannot be reached: ${error.message}`, { exitCode: 1, cause: error }));
    const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
    const sent = request(url, { method: "POST", headers, timeout: 30_000, ...(ca ? { ca } : {}) }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
      answer.on("error", fail);
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer for 30 s")));
    sent.on("error", fail);
    sent.end(body);
  });
}
