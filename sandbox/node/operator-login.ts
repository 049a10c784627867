/** Who may log in by the access token that GKE's or AKS's login program brings: who owns what the cluster stands in. */
import { timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

/** @param tokenFile can appear while the process runs */
export function isOperatorToken(tokenFile: string, token: string): boolean {
  if (!existsSync(tokenFile)) return false;
  const [held, shown] = [readFileSync(tokenFile), Buffer.from(token)];
  return held.length > 0 && held.length === shown.length && timingSafeEqual(held, shown);
}
