/** What the gate answers itself: in words, kept by nobody. */
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

const always = {
  "cache-control": "no-store",
  "cdn-cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export function answer(response: ServerResponse, status: number, text: string, more: OutgoingHttpHeaders = {}): void {
  if (response.headersSent || response.destroyed) return;
  const body = `${text}\n`;
  response.writeHead(status, {
    ...always,
    "content-type": "text/plain; charset=utf-8",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "content-length": Buffer.byteLength(body),
    ...more,
  });
  response.end(body);
}

/** See Other: what follows is asked for with GET. */
export function redirect(response: ServerResponse, location: string, cookies: readonly string[]): void {
  response.writeHead(303, { ...always, location, "content-length": 0, "set-cookie": [...cookies] });
  response.end();
}
