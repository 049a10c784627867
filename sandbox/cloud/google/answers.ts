/** Answers in the words of Google's REST APIs. */

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body: Buffer | string;
}

export function json(body: object, status = 200): Reply {
  return { status, headers: { "content-type": "application/json; charset=UTF-8" }, body: JSON.stringify(body) };
}

const words: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ALREADY_EXISTS",
  501: "UNIMPLEMENTED",
};

/** Source: AIP-193, errors. */
export function problem(code: number, message: string): Reply {
  return json({ error: { code, message, status: words[code] ?? "INTERNAL" } }, code);
}

/** As Cloud Storage's XML API refuses. */
export function storageProblem(status: number, code: string, message: string): Reply {
  const escaped = message.replace(/[<&>]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const body = `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>${escaped}</Message></Error>`;
  return { status, headers: { "content-type": "application/xml; charset=UTF-8" }, body };
}
