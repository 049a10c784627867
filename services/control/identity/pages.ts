/** The few pages that people see here. Pure: text in, HTML out. */
import { escaped } from "../../shared/html.ts";
import type { HttpResponse } from "../../shared/http.ts";

/** Nothing is loaded, nothing runs, no other site shows it inside of its own. */
const headers = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

export function answerPage(response: HttpResponse, status: number, html: string): void {
  const body = new TextEncoder().encode(html);
  response.writeHead(status, { ...headers, "content-length": String(body.byteLength) });
  response.end(body);
}

/** See Other: what follows is asked for with GET. */
export function answerRedirect(response: HttpResponse, to: string): void {
  response.writeHead(303, { location: to, "cache-control": "no-store", "referrer-policy": "no-referrer" });
  response.end();
}

export function messagePage(title: string, text: string): string {
  return page(title, `<p>${escaped(text)}</p>`);
}

/** @param to the path that takes the code. @param typed what is in the field already. */
export function userCodePage(to: string, typed: string, problem = ""): string {
  const told = problem === "" ? "" : `<p><strong>${escaped(problem)}</strong></p>`;
  return page(
    "Sign a device in",
    `${told}<form method="post" action="${escaped(to)}">
<p><label>The code that your device shows: <input name="user_code" value="${escaped(typed)}" maxlength="16"
 autocomplete="off" autocapitalize="characters" spellcheck="false" required></label></p>
<p><button>Continue</button></p></form>`,
  );
}

export interface Confirmation {
  /** The path that takes the decision. */
  to: string;
  userCode: string;
  subject: string;
  org: string;
}

/** Somebody may have been sent the code by another (RFC 8628 5.4): they see what they do before they do it. */
export function confirmPage({ to, userCode, subject, org }: Confirmation): string {
  return page(
    "Sign a device in",
    `<p>A device that shows <strong>${escaped(userCode)}</strong> asks to act as <strong>${escaped(subject)}</strong> of
<strong>${escaped(org)}</strong>.</p>
<p>Approve only if the code is on a screen of your own. Nobody else has a reason to send you one.</p>
<form method="post" action="${escaped(to)}">
<p><button name="decision" value="approve">Approve</button> <button name="decision" value="deny">Deny</button></p></form>`,
  );
}

export interface Organisations {
  /** The path that takes the choice. */
  to: string;
  subject: string;
  open: readonly { org: string; grantId: string; role: string; expiresAt: Date }[];
}

export function organisationPage({ to, subject, open }: Organisations): string {
  const buttons = open.map(
    ({ org, grantId, role, expiresAt }) =>
      `<p><button name="grant" value="${escaped(grantId)}">${escaped(org)}</button> as ${escaped(role)}, until ${expiresAt.toISOString()}</p>`,
  );
  return page(
    "Choose an organisation",
    `<p><strong>${escaped(subject)}</strong>, these organisations let you in. All that you do there is recorded for them.</p>
<form method="post" action="${escaped(to)}">
${buttons.join("\n")}</form>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)} - Biplane</title></head>
<body><h1>${escaped(title)}</h1>
${body}
</body></html>
`;
}
