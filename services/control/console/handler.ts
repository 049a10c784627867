/** The region's console: read-only pages for people's browsers. It decides nothing; the services that it asks do. */
import { Code, type ConnectError, type Transport } from "@connectrpc/connect";
import type { Identified } from "../../shared/auth/caller.ts";
import { toConnectError } from "../../shared/errors.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import type { StreamSource } from "../../shared/proxy.ts";
import { answerPage, messagePage, type Page } from "./html.ts";
import { openReads } from "./reads.ts";
import { afterOf, type ConsoleRoute, consoleRoute } from "./routes.ts";
import { type ConsoleSignInDeps, consoleSignIn } from "./sign-in.ts";
import { openTokens } from "./tokens.ts";

export interface ConsoleDeps extends Omit<ConsoleSignInDeps, "tokens"> {
  identity: StreamSource;
  runs: Transport;
  log: Logger;
}

/** @returns undefined for a path that is not the console's. */
export type ConsolePages = (path: string) => HttpHandler | undefined;

export function consolePages({ identity, runs, log, ...deps }: ConsoleDeps): ConsolePages {
  const signIn = consoleSignIn({ ...deps, tokens: openTokens(identity, deps.issuer) });
  const reads = openReads(runs);

  async function serve(route: ConsoleRoute, request: HttpRequest, response: HttpResponse): Promise<void> {
    if (route.page === "signed-in") return signIn.finish(request, response);
    if (route.page === "sign-out") return signIn.end(request, response);
    if (route.page === "nothing") return answerPage(response, 404, nothing());
    if (request.method !== "GET") {
      return answerPage(response, 405, messagePage("Not like this", "These pages are only read."), { allow: "GET" });
    }
    const visitor = await signIn.visitor(request.headers);
    if (!visitor) return signIn.begin(request, response);
    try {
      const page = await shown(route, { token: visitor.token, after: afterOf(request.url), now: Date.now() });
      answerPage(response, 200, { ...page, visitor });
    } catch (error) {
      const refused = toConnectError(error, log);
      // Over since it was asked about.
      if (refused.code === Code.Unauthenticated) return signIn.begin(request, response);
      answerRefused(response, refused, visitor);
    }
  }

  function shown(route: Extract<ConsoleRoute, { page: "projects" | "runs" | "run" }>, asked: Asked): Promise<Page> {
    if (route.page === "projects") return reads.projects(asked);
    return route.page === "runs" ? reads.runs(route, asked) : reads.run(route, asked);
  }

  return (path) => {
    const route = consoleRoute(path);
    if (!route) return undefined;
    return async (request, response) => {
      try {
        await serve(route, request, response);
      } catch (error) {
        if (response.headersSent) throw error;
        answerRefused(response, toConnectError(error, log));
      }
    };
  };
}

type Asked = Parameters<ReturnType<typeof openReads>["projects"]>[0];

const nothing = () => messagePage("Not found", "There is nothing at this address.");

function answerRefused(response: HttpResponse, { code, rawMessage }: ConnectError, visitor?: Identified): void {
  const [status, title, text] = told(code, rawMessage);
  const retry: Record<string, string> = status === 503 ? { "retry-after": "5" } : {};
  answerPage(response, status, messagePage(title, text, visitor), retry);
}

/** What the services say of a request is for whoever made it; of anything else they said it to the log. */
function told(code: Code, said: string): [status: number, title: string, text: string] {
  if (code === Code.PermissionDenied) return [403, "Not allowed", `${said}. Ask your administrator.`];
  if (code === Code.NotFound) return [404, "Not found", `${said}.`];
  if (code === Code.InvalidArgument) return [400, "Not understood", `${said}.`];
  return [503, "Not now", "Something that this page needs cannot be reached at the moment. Try again."];
}
