/** Requests to a given cluster with the credentials of its kubeconfig. */
import type { Agent as HttpAgent } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { text } from "node:stream/consumers";
import { messageOf, UserError } from "../../shared/errors.ts";
import { type GivenKubeconfig, optionOf } from "./kubeconfig.ts";

export interface Answer<T> {
  status: number;
  /** Parsed when the answer is JSON; text as a string else. */
  body: T;
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

export interface OwnerApi {
  given: GivenKubeconfig;
  /** Any answer of the API server's, refusals too. @throws UserError when there is none within 15 s. */
  send<T>(method: Method, path: string, body?: object): Promise<Answer<T>>;
  /** @throws UserError unless the answer is good. */
  read<T>(path: string): Promise<T>;
  /** Server-side apply. @throws UserError when it is refused. */
  apply(path: string, object: object): Promise<void>;
}

const timeoutMs = 15_000;

export function ownerApi(given: GivenKubeconfig): OwnerApi {
  // Many short questions: a new connection for each would cost more than waiting in line.
  const connect = ownerConnection(given, new Agent({ keepAlive: true, maxSockets: 8 }));
  const send = async <T>(method: Method, path: string, body?: object): Promise<Answer<T>> => {
    const { options, base } = await connect();
    const type = method === "PATCH" ? "application/apply-patch+yaml" : "application/json";
    const headers = {
      ...options.headers,
      accept: "application/json, */*;q=0.1",
      ...(body ? { "content-type": type } : {}),
    };
    try {
      return await exchange<T>(`${base}${path}`, { ...options, method, headers }, body);
    } catch (error) {
      throw new UserError(
        `${optionOf(given.plane)}: the cluster at ${given.server} does not answer (${given.file}, context ${given.context}): ${causeOf(error)}.`,
        { cause: error },
      );
    }
  };
  const good = <T>({ status, body }: Answer<T>, what: string): T => {
    if (status < 300) return body;
    const words = (body as { message?: string } | null)?.message ?? status;
    const who = status === 401 ? " does not accept the kubeconfig's credentials" : ` refuses ${what}`;
    throw new UserError(`${optionOf(given.plane)}: the cluster at ${given.server}${who} (${given.file}): ${words}.`);
  };
  return {
    given,
    send,
    read: async <T>(path: string) => good(await send<T>("GET", path), `GET ${path}`),
    async apply(path, object) {
      good(await send("PATCH", `${path}?fieldManager=biplane-sandbox&force=true`, object), `to apply ${path}`);
    },
  };
}

export interface Connection {
  options: RequestOptions & { headers: Record<string, string> };
  /** The server's URL, which every path follows. */
  base: string;
}

/** Asked before every request, since a credential command's answer ages; it keeps one that is still good. */
export function ownerConnection(
  { plane, file, server, config }: GivenKubeconfig,
  own = new Agent({ keepAlive: true }),
): () => Promise<Connection> {
  return async () => {
    const found: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(found);
    } catch (error) {
      const command = config.getCurrentUser()?.exec?.command;
      const what = command ? `the credential command ${command}` : "reading the credentials";
      const said = messageOf(error).trim().slice(0, 300);
      throw new UserError(`${optionOf(plane)} ${file}: ${what} failed: ${said}.`, { cause: error });
    }
    const user = config.getCurrentUser();
    const headers: Record<string, string> = user?.impersonateUser ? { "impersonate-user": user.impersonateUser } : {};
    for (const [name, value] of Object.entries(found.headers ?? {})) headers[name] = String(value);
    // The library's agent keeps the first certificate it saw; only its ways through a proxy are needed.
    const agent: HttpAgent | undefined = config.getCurrentCluster()?.proxyUrl ? (found.agent as HttpAgent) : own;
    return { options: { ...found, agent, headers }, base: server };
  };
}

function exchange<T>(url: string, options: RequestOptions, body?: object): Promise<Answer<T>> {
  return new Promise((resolve, reject) => {
    const call = request(url, { ...options, signal: AbortSignal.timeout(timeoutMs) }, (answer) => {
      text(answer).then((content) => {
        const json = answer.headers["content-type"]?.startsWith("application/");
        resolve({ status: answer.statusCode ?? 0, body: (json ? parsed(content) : content) as T });
      }, reject);
    });
    call.once("error", reject);
    call.end(body && JSON.stringify(body));
  });
}

/** A proxy on the way may call anything JSON. */
function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    if (error instanceof SyntaxError) return content;
    throw error;
  }
}

function causeOf(error: unknown): string {
  if (error instanceof Error && ["AbortError", "TimeoutError"].includes(error.name))
    return `no answer within ${timeoutMs / 1000} s`;
  // An attempt at several addresses has no message of its own.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return messageOf(error);
}
