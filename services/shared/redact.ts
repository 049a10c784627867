/** Takes secrets out of anything that is about to become text for a log. Works on values, so no caller has to remember. */

const hidden = "[redacted]";
const secretKey =
  /authorization|cookie|passw|secret|credential|signature|private|api[-_]?key|signed[-_]?url|presigned|(^|[-_a-z])token$/i;

const patterns: [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, hidden],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, `$1 ${hidden}`],
  [/\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*/g, hidden],
  // A presigned URL works for whoever has its query: nothing of the query stays.
  [/\?[^\s"'<>]*(X-Amz-|X-Goog-|[?&]sig=)[^\s"'<>]*/gi, `?${hidden}`],
  [/\b(X-Amz-(?:Signature|Credential|Security-Token)|X-Goog-Signature)=[^&\s"']+/gi, `$1=${hidden}`],
  [/:\/\/([^:@/\s]+):[^@/\s]+@/g, `://$1:${hidden}@`],
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, hidden],
  [
    /\b(password|passwd|client_secret|secret|access_token|refresh_token|token|api[-_]?key)(["']?\s*[=:]\s*["']?)[^\s"'&,;}]+/gi,
    `$1$2${hidden}`,
  ],
];

/** @returns the text with tokens, keys, passwords and presigned queries replaced. */
export function redactText(text: string): string {
  return patterns.reduce((kept, [pattern, instead]) => kept.replace(pattern, instead), text);
}

/** @returns plain JSON data: errors spelt out, bytes counted, secrets replaced by key and by pattern, six levels deep. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (value === null || typeof value !== "object") return value;
  if (depth > 6) return "[deeper]";
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, hides(key, item) ? hidden : redact(item, depth + 1)]),
  );
}

function hides(key: string, item: unknown): boolean {
  return secretKey.test(key) && item !== undefined && item !== null && typeof item !== "boolean";
}

function redactError(error: Error & { code?: unknown; cause?: unknown }, depth: number) {
  return {
    name: error.name,
    message: redactText(error.message),
    ...(error.code === undefined ? {} : { code: redact(error.code, depth + 1) }),
    ...(error.stack ? { stack: redactText(error.stack) } : {}),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
