/** Whether an id and a secret are somebody's, for whoever asks with them. */
import { timingSafeEqual } from "node:crypto";
import { sha256 } from "../../shared/bootstrap.ts";
import type { Logger } from "../../shared/log.ts";
import type { ApplicationStore, Holder } from "./applications.ts";
import type { Credentials } from "./credentials.ts";
import { createThrottle, type Throttle } from "./throttle.ts";

type SignedIn = { holder: Holder } | { wrong: true } | { waitSeconds: number };

/** @param source where the caller connects from, so that nobody can lock another out from elsewhere. */
export type SignIn = (credentials: Credentials, source: string) => Promise<SignedIn>;

/** Compared where there is no application, so that a wrong id takes as long as a wrong secret. */
const nobody = sha256("");

export interface SignInDeps {
  applications: Pick<ApplicationStore, "find">;
  log: Logger;
  now?: (() => number) | undefined;
}

export function signInDesk({ applications, log, now }: SignInDeps): SignIn {
  const one = createThrottle({ burst: 10, everySeconds: 6 }, now);
  const any = createThrottle({ burst: 100, everySeconds: 1 }, now);
  return async (credentials, source) => {
    const clientId = credentials.clientId.slice(0, 128);
    const limits: [Throttle, string][] = [
      [one, `${source} ${clientId}`],
      [any, source],
    ];
    const waitSeconds = Math.max(...limits.map(([throttle, name]) => throttle.waitSeconds(name)));
    if (waitSeconds > 0) {
      log.warn("a sign-in came too soon after wrong ones", { clientId, source, waitSeconds });
      return { waitSeconds };
    }
    const found = await applications.find(credentials.clientId);
    const same = timingSafeEqual(sha256(credentials.secret), found?.secretSha256 ?? nobody);
    if (found && same) {
      const { org, subject, kind, role, apiKey } = found;
      return { holder: { org, subject, kind, role, apiKey } };
    }
    for (const [throttle, name] of limits) throttle.failed(name);
    log.warn("a sign-in was refused", { clientId, source });
    return { wrong: true };
  };
}

export const tooManyTries = (waitSeconds: number) =>
  `too many wrong tries from where you are; try again in ${waitSeconds} s`;
