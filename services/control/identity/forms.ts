/** What OAuth2 endpoints and pages are sent. */
import { sourceHeader } from "../../shared/headers.ts";
import type { HttpRequest } from "../../shared/http.ts";

export const maxFormBytes = 16 * 1024;

/** @returns undefined for what is no form, or a larger one. */
export async function readForm(request: HttpRequest): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxFormBytes) return undefined;
    chunks.push(chunk);
  }
  const type = request.headers["content-type"] ?? "";
  return type.startsWith("application/x-www-form-urlencoded")
    ? new URLSearchParams(Buffer.concat(chunks).toString("utf8"))
    : undefined;
}

/** The address that somebody comes from, as the gateway says. */
export function sourceOf(request: HttpRequest): string {
  return String(request.headers[sourceHeader] ?? "");
}

/** RFC 6749 3.1: no parameter twice, or two readers may each take another one. @returns the first that is. */
export function repeatedParameter(parameters: URLSearchParams): string | undefined {
  return [...new Set(parameters.keys())].find((name) => parameters.getAll(name).length > 1);
}
