/** The platform's cookies at an app's host: shown to no app, and set by none. Pure. */
import { cookiePairs, isOurs } from "../../shared/cookies.ts";

export const sessionCookie = "session";

/** @returns the app's own. */
export function withoutOurs(cookie: string | undefined): string | undefined {
  const left = cookiePairs(cookie).filter((pair) => !isOurs(pair));
  return left.length > 0 ? left.join("; ") : undefined;
}

/** An app sets what it likes at its host, but nothing that the gate would read. */
export function settingOnlyTheirs(lines: readonly string[]): string[] {
  return lines.filter((line) => !isOurs(line.trimStart()));
}
