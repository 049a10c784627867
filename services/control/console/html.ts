/** The frame and headers of every page. Pure. */
import { createHash } from "node:crypto";
import { Html, html } from "../../shared/html.ts";
import type { HttpResponse } from "../../shared/http.ts";
import { signOutPath } from "./routes.ts";

/** Colours are the browser's own, in light and in dark. */
const style = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: 1rem; justify-content: space-between; align-items: baseline; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: start; font-weight: bold; padding-block: .5rem; }
th, td { border-bottom: 1px solid GrayText; padding: .3rem .8rem .3rem 0; text-align: start; vertical-align: top; }
pre { border: 1px solid GrayText; overflow-x: auto; padding: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
`;
const styleHash = createHash("sha256").update(style).digest("base64");

/** Nothing is loaded, nothing runs, no other site shows it inside of its own, and nobody keeps it. */
export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "cdn-cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // Without one at all, browsers say of the sign-out's form that it comes from nowhere.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

export interface Visitor {
  subject: string;
  org: string;
}

export interface Page {
  title: string;
  body: Html;
  /** @default nobody is signed in */
  visitor?: Visitor | undefined;
}

export function answerPage(
  response: HttpResponse,
  status: number,
  page: Page,
  more: Record<string, string | string[]> = {},
): void {
  const body = new TextEncoder().encode(framed(page));
  response.writeHead(status, { ...pageHeaders, "content-length": String(body.byteLength), ...more });
  response.end(body);
}

export function redirect(response: HttpResponse, status: 302 | 303, to: string, cookies: readonly string[]): void {
  response.writeHead(status, {
    ...{ location: to, "cache-control": "no-store", "cdn-cache-control": "no-store", "referrer-policy": "no-referrer" },
    "set-cookie": [...cookies],
  });
  response.end();
}

export function messagePage(title: string, text: string, visitor?: Visitor): Page {
  return { title, body: html`<p>${text}</p>\n<p><a href="/">Projects</a></p>`, visitor };
}

export function framed({ title, body, visitor }: Page): string {
  const who = visitor
    ? html`<form method="post" action="${signOutPath}">${visitor.subject} of ${visitor.org} <button>Sign out</button></form>`
    : "";
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} - Biplane</title><style>${new Html(style)}</style></head>
<body><header><a href="/">Biplane</a>${who}</header>
<main><h1>${title}</h1>
${body}
</main></body></html>
`.text;
}
