/** Signing in a device that has no browser (RFC 8628): its codes, and the pages where a person decides about it. */
import { randomBytes, randomInt } from "node:crypto";
import { z } from "zod";
import { sha256 } from "../../shared/bootstrap.ts";
import { answerJson, type HttpHandler, type HttpRequest, type HttpResponse, pathOf } from "../../shared/http.ts";
import type { Logger } from "../../shared/log.ts";
import type { BrowserSignIn } from "./browser-sign-in.ts";
import type { DeviceStore } from "./device-requests.ts";
import { readForm, sourceOf } from "./forms.ts";
import { kindOf, type Person, personSchema } from "./membership.ts";
import { answerPage, confirmPage, messagePage, userCodePage } from "./pages.ts";
import { deviceAuthorizationPath, deviceDecisionPath, devicePath, publicClient } from "./public-client.ts";
import { endCookie, readCookie, type Sealer, setCookie } from "./sealed.ts";
import { deviceInterval, deviceLifetime, newUserCode, readUserCode } from "./session-rules.ts";
import { tooManyTries } from "./sign-in.ts";
import type { SignInRecord } from "./sign-in-record.ts";
import { createThrottle } from "./throttle.ts";

export interface DeviceDeps {
  issuer: string;
  devices: DeviceStore;
  sealer: Sealer;
  record: SignInRecord;
  log: Logger;
  now?: (() => number) | undefined;
}

export interface DeviceSignIn {
  /** @param send of browser-sign-in.ts */
  handle(send: BrowserSignIn["send"]): HttpHandler;
  confirm(response: HttpResponse, person: Person, userCode: string): Promise<void>;
}

const ticketSchema = z.object({ person: personSchema, userCode: z.string() });
const cookie = "device";

export const servesDevices = (path: string) =>
  path === deviceAuthorizationPath || path === devicePath || path === deviceDecisionPath;

export function deviceSignIn(deps: DeviceDeps): DeviceSignIn {
  const { issuer, devices, sealer, log } = deps;
  // 20^8 codes, of which few are in use for ten minutes: ten tries and ten a minute find none.
  const guesses = createThrottle({ burst: 10, everySeconds: 6 }, deps.now);
  const requests = createThrottle({ burst: 30, everySeconds: 2 }, deps.now);
  const ask = (response: HttpResponse, status: number, typed: string, problem?: string) =>
    answerPage(response, status, userCodePage(devicePath, typed, problem));

  return {
    handle: (send) => async (request, response) => {
      const path = pathOf(request);
      if (path === devicePath && request.method === "GET") {
        const typed = new URL(request.url ?? "", issuer).searchParams.get("user_code") ?? "";
        return ask(response, 200, readUserCode(typed) ?? "");
      }
      if (request.method !== "POST") return answerPage(response, 405, messagePage("Not like this", "Use POST."));
      const form = await readForm(request);
      if (path === deviceAuthorizationPath) return authorizeDevice(form, request, response);
      if (path === deviceDecisionPath) return decide(form, request, response);
      return takeUserCode(form, request, response, send);
    },
    async confirm(response, person, userCode) {
      const ticket = await sealer.seal("device", { person, userCode }, deviceLifetime);
      setCookie(response, cookie, ticket, deviceLifetime);
      answerPage(response, 200, confirmPage({ to: deviceDecisionPath, userCode, ...person }));
    },
  };

  async function authorizeDevice(form: URLSearchParams | undefined, request: HttpRequest, response: HttpResponse) {
    const refuse = (status: number, error: string, description: string) =>
      answerJson(response, status, { error, error_description: description });
    if (!form) return refuse(400, "invalid_request", "send a form");
    if (form.get("client_id") !== publicClient.clientId)
      return refuse(401, "invalid_client", "the client is not known");
    const audience = form.get("audience");
    if (audience && audience !== issuer) return refuse(400, "invalid_target", `allowed audience: ${issuer}`);
    const source = sourceOf(request);
    const waitSeconds = requests.waitSeconds(source);
    if (waitSeconds > 0) {
      response.setHeader("retry-after", String(waitSeconds));
      return refuse(429, "temporarily_unavailable", `too many devices from where you are; try in ${waitSeconds} s`);
    }
    requests.failed(source);
    const deviceCode = randomBytes(32).toString("base64url");
    const userCode = newUserCode((below) => randomInt(below));
    if (!(await devices.add(sha256(deviceCode), sha256(userCode)))) {
      return refuse(503, "temporarily_unavailable", "try again");
    }
    answerJson(response, 200, {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: issuer + devicePath,
      verification_uri_complete: `${issuer}${devicePath}?user_code=${userCode}`,
      expires_in: deviceLifetime,
      interval: deviceInterval,
    });
  }

  async function takeUserCode(
    form: URLSearchParams | undefined,
    request: HttpRequest,
    response: HttpResponse,
    send: BrowserSignIn["send"],
  ) {
    const source = sourceOf(request);
    const waitSeconds = guesses.waitSeconds(source);
    if (waitSeconds > 0) {
      log.warn("a device's code came too soon after wrong ones", { source, waitSeconds });
      response.setHeader("retry-after", String(waitSeconds));
      return ask(response, 429, "", tooManyTries(waitSeconds));
    }
    const userCode = readUserCode(form?.get("user_code") ?? "");
    if (userCode && (await devices.waits(sha256(userCode)))) return send(response, { for: "device", userCode });
    guesses.failed(source);
    log.warn("a device's code was wrong", { source });
    return ask(response, 400, "", "No device waits with this code. Look at it again; a code holds for ten minutes.");
  }

  async function decide(form: URLSearchParams | undefined, request: HttpRequest, response: HttpResponse) {
    const ticket = await sealer.open("device", readCookie(request, cookie) ?? "", ticketSchema);
    const decision = form?.get("decision");
    if (!ticket || (decision !== "approve" && decision !== "deny")) {
      return answerPage(response, 400, messagePage("Nothing to decide", "Begin again with the code of your device."));
    }
    const { person, userCode } = ticket;
    const approved = decision === "approve";
    await deps.record({ ...person, kind: kindOf(person) }, approved ? "sign-in/Begin" : "sign-in/DenyDevice", {
      resource: "device",
    });
    endCookie(response, cookie);
    if (!(await devices.decide(sha256(userCode), person, approved))) {
      return answerPage(response, 409, messagePage("Too late", "The code is over, or was decided about already."));
    }
    const text = approved ? "Your device is signed in. You can close this page." : "The device was not signed in.";
    return answerPage(response, 200, messagePage("Done", text));
  }
}
