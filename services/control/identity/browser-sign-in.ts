/** Where a browser is sent to be signed in, and where it comes back: the authorization endpoint (RFC 6749, RFC 7636). */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { sha256 } from "../../shared/bootstrap.ts";
import { type HttpHandler, type HttpRequest, type HttpResponse, pathOf } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import { appPurposeSchema, type appSignIn, appSignInPath, readAppSignIn } from "./app-sign-in.ts";
import { repeatedParameter } from "./forms.ts";
import { type KnownGroups, kindOf, membershipOf, type Person } from "./membership.ts";
import { answerPage, answerRedirect, messagePage } from "./pages.ts";
import {
  authorizePath,
  callbackPath,
  type PublicClient,
  publicClient,
  publicClientOf,
  staffChoicePath,
} from "./public-client.ts";
import { endCookie, readCookie, type Sealer, setCookie } from "./sealed.ts";
import { codeHash, codeLifetime, codeSessionLifetime } from "./session-rules.ts";
import type { SessionStore } from "./sessions.ts";
import type { SignInRecord } from "./sign-in-record.ts";
import type { staffChoice } from "./staff-choice.ts";
import { checksSchema, type Upstream } from "./upstream.ts";

export interface BrowserDeps {
  issuer: string;
  upstream: Upstream;
  groupsClaim: string;
  groups: KnownGroups;
  staff: ReturnType<typeof staffChoice>;
  sessions: Pick<SessionStore, "begin">;
  sealer: Sealer;
  record: SignInRecord;
  log: Logger;
  /** Somebody has shown who they are for an app. */
  apps: ReturnType<typeof appSignIn>;
  /** Somebody has shown who they are for a device. */
  confirm: (response: HttpResponse, person: Person, userCode: string) => Promise<void>;
}

/** What somebody signs in for. */
export const purposeSchema = z.discriminatedUnion("for", [
  z.object({
    for: z.literal("client"),
    /** One that an older Identity sealed names none. */
    clientId: z.string().default(publicClient.clientId),
    clientState: z.string().optional(),
    challenge: z.string(),
  }),
  z.object({ for: z.literal("device"), userCode: z.string() }),
  appPurposeSchema,
]);
export type Purpose = z.output<typeof purposeSchema>;

export interface BrowserSignIn {
  handle: HttpHandler;
  /** Sends a browser to the identity provider. */
  send(response: HttpResponse, purpose: Purpose): Promise<void>;
}

const sealedSchema = z.object({ checks: checksSchema, purpose: purposeSchema });
/** For a password, a second factor, and a search for the telephone that has it. */
const patienceSeconds = 10 * 60;
const again = "Go back to where you came from and start again.";

export function browserSignIn(deps: BrowserDeps): BrowserSignIn {
  const { issuer, upstream, sealer } = deps;
  const send = async (response: HttpResponse, purpose: Purpose) => {
    const { url, checks } = await upstream.begin();
    const sealed = await sealer.seal("sign-in", { checks, purpose }, patienceSeconds);
    setCookie(response, cookieOf(checks.state), sealed, patienceSeconds);
    answerRedirect(response, url.href);
  };
  return {
    send,
    async handle(request, response) {
      const path = pathOf(request);
      const method = path === staffChoicePath ? "POST" : "GET";
      if (request.method !== method) {
        return answerPage(response, 405, messagePage("Not like this", `Use ${method}.`));
      }
      if (path === staffChoicePath) {
        const chosen = await deps.staff.take(request, response);
        return chosen && proceed(deps, response, chosen.person, chosen.purpose);
      }
      const url = new URL(request.url ?? "", issuer);
      if (path === callbackPath) return comeBack(deps, url, request, response);
      const asked: Asked =
        path === appSignInPath ? readAppSignIn(url.searchParams) : readAuthorization(url.searchParams, issuer);
      if ("page" in asked) answerPage(response, 400, messagePage("This sign-in cannot begin", asked.page));
      else if ("back" in asked) answerRedirect(response, asked.back);
      else await send(response, asked.purpose);
    },
  };
}

export const servesBrowsers = (path: string) =>
  path === authorizePath || path === appSignInPath || path === callbackPath || path === staffChoicePath;

type Asked = { page: string } | { back: string } | { purpose: Purpose };

/** What is wrong with the client or its address is told to the person, never to that address. Pure. */
export function readAuthorization(query: URLSearchParams, issuer: string): Asked {
  const twice = repeatedParameter(query);
  if (twice !== undefined) return { page: `The parameter ${twice.slice(0, 40)} is there twice.` };
  const client = publicClientOf(query.get("client_id"), issuer);
  if (!client) return { page: "The program that sent you here is not known." };
  if (query.get("redirect_uri") !== client.redirectUri) {
    return { page: "The program that sent you here wants the answer at an address that is not its own." };
  }
  const clientState = query.get("state") ?? undefined;
  const back = (error: string, description: string) => ({
    back: backTo(client, clientState, { error, error_description: description, iss: issuer }),
  });
  if (clientState !== undefined && clientState.length > 512) return { page: "The parameter state is too long." };
  if (query.get("response_type") !== "code") return back("unsupported_response_type", "allowed: code");
  if (query.get("code_challenge_method") !== "S256") return back("invalid_request", "code_challenge_method: S256");
  const challenge = query.get("code_challenge") ?? "";
  if (!/^[\w-]{43}$/.test(challenge)) return back("invalid_request", "code_challenge: the S256 of a verifier");
  const audience = query.get("audience");
  if (audience && audience !== issuer) return back("invalid_target", `allowed audience: ${issuer}`);
  const { clientId } = client;
  return { purpose: { for: "client", clientId, challenge, ...(clientState === undefined ? {} : { clientState }) } };
}

async function comeBack(deps: BrowserDeps, url: URL, request: HttpRequest, response: HttpResponse): Promise<void> {
  const { upstream, sealer, log } = deps;
  const refuse = (status: number, text: string) => answerPage(response, status, messagePage("Not signed in", text));
  // A state that this browser was not given is somebody else's sign-in, or none.
  const cookie = cookieOf(url.searchParams.get("state") ?? "");
  const kept = await sealer.open("sign-in", readCookie(request, cookie) ?? "", sealedSchema);
  if (!kept) return refuse(400, `This sign-in is not this browser's, or took too long. ${again}`);
  endCookie(response, cookie);
  const returned = await upstream.finish(url, kept.checks);
  if ("refused" in returned) {
    log.warn("somebody was not signed in by the identity provider", { why: returned.why });
    return refuse(403, `${returned.refused} ${again}`);
  }
  const member = membershipOf(returned.claims, deps.groupsClaim, deps.groups);
  // To the person, not to the client: the pinned one waits for a code for ever and shows nobody an error.
  if ("refused" in member) {
    log.warn("somebody was refused who belongs nowhere, or to several organisations");
    return refuse(403, member.refused);
  }
  if ("staff" in member) return deps.staff.ask(response, member.staff, kept.purpose);
  return proceed(deps, response, member.person, kept.purpose);
}

async function proceed(deps: BrowserDeps, response: HttpResponse, person: Person, purpose: Purpose): Promise<void> {
  if (purpose.for === "device") return deps.confirm(response, person, purpose.userCode);
  if (purpose.for === "app") {
    const went = await deps.apps(person, purpose);
    if ("to" in went) answerRedirect(response, went.to);
    else answerPage(response, 403, messagePage("Not signed in", went.refused));
    return;
  }
  const client = publicClientOf(purpose.clientId, deps.issuer);
  if (!client) throw new Error(`a sign-in is for the client ${purpose.clientId}, which is not known`);
  const code = randomBytes(32).toString("base64url");
  const resource = client.staysSignedIn ? "browser" : "console";
  await deps.record({ ...person, kind: kindOf(person) }, "sign-in/Begin", { resource });
  await deps.sessions.begin(person, {
    kind: "code",
    sha256: codeHash(client, code),
    challenge: purpose.challenge,
    lifetimeSeconds: codeLifetime,
    ...(client.staysSignedIn ? {} : { sessionSeconds: codeSessionLifetime }),
  });
  answerRedirect(response, backTo(client, purpose.clientState, { code, iss: deps.issuer }));
}

function backTo(client: PublicClient, state: string | undefined, parameters: Record<string, string>): string {
  const url = new URL(client.redirectUri);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  if (state !== undefined) url.searchParams.set("state", state);
  return url.href;
}

/** One for each sign-in, so that two windows do not take each other's. */
const cookieOf = (state: string) => `sign-in-${sha256(state).toString("hex").slice(0, 16)}`;
