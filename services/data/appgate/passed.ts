/** Which headers an app is sent, and which of its own come back. Pure. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { passedHeaders } from "../../shared/headers.ts";
import { bearerOf } from "./asked.ts";
import { settingOnlyTheirs, withoutOurs } from "./cookies.ts";

/** Whom the region knows the caller as; both are left out where it is nobody. */
export const userHeader = "x-biplane-user";
export const kindHeader = "x-biplane-user-kind";

/**
 * By which programs let somebody be whoever they say they are, or be taken for a proxy; and by which Knative's own parts
 * speak to each other.
 */
const claimed =
  /^(x-biplane-|x-forwarded-|forwarded$|x-real-ip$|x-auth-request-|x-authenticated-|x-remote-|remote-|x-user$|x-webauth-|cf-access-|x-envoy-|x-original-|x-rewrite-|knative-|k-)/;

export interface Forwarded {
  host: string;
  source: string;
  issuer: string;
  /** Empty for nobody. */
  subject: string;
  kind: string;
}

export function requestHeaders(headers: IncomingHttpHeaders, to: Forwarded): OutgoingHttpHeaders {
  const { host, source, issuer, subject, kind } = to;
  const passed = Object.entries(passedHeaders(headers)).filter(
    // Servers of WSGI and CGI read "_" in a name as "-".
    ([name]) => !claimed.test(name.replaceAll("_", "-")) && name !== "cookie" && name !== "authorization",
  );
  const cookie = withoutOurs(headers.cookie);
  return {
    ...Object.fromEntries(passed),
    ...(cookie === undefined ? {} : { cookie }),
    ...(headers.authorization !== undefined && bearerOf(headers, issuer) === undefined
      ? { authorization: headers.authorization }
      : {}),
    // How long a body is, is said as it was said.
    ...(headers["transfer-encoding"] === undefined ? {} : { "transfer-encoding": "chunked" }),
    ...{ host, "x-forwarded-host": host, "x-forwarded-proto": "https" },
    ...(source === "" ? {} : { "x-forwarded-for": source }),
    ...(subject === "" ? {} : { [userHeader]: subject, [kindHeader]: kind }),
  };
}

/** Proxies in front keep nothing: they would show it to whoever asks next, and ask nobody. */
export function responseHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const { "set-cookie": cookies = [], ...rest } = passedHeaders(headers);
  const theirs = settingOnlyTheirs([cookies].flat().map(String));
  return { ...rest, ...(theirs.length > 0 ? { "set-cookie": theirs } : {}), "cdn-cache-control": "no-store" };
}
