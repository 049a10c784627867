/** Who may log in to a GKE cluster by the access token that `gke-gcloud-auth-plugin` brings: who owns the project. */
import { timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

/** @param tokenFile can appear while the process runs */
export function isOperatorToken(tokenFile: string, token: string): boolean {
  if (!existsSync(tokenFile)) return false;
  const [held, shown] = [readFileSync(tokenFile), Buffer.from(token)];
  return held.length > 0 && held.length === shown.length && timingSafeEqual(held, shown);
}
