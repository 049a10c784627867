/** Answers in the envelope of Cloudflare's API. */
import { json, type Reply } from "../google/answers.ts";

export function done(result: unknown, more: object = {}): Reply {
  return json({ success: true, errors: [], messages: [], result, ...more });
}

export function failed(status: number, code: number, message: string): Reply {
  return json({ success: false, errors: [{ code, message }], messages: [], result: null }, status);
}
