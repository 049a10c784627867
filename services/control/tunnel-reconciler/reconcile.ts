/** One look at one tunnel: what of it is not as the stack says is put right. */
import type { Logger } from "../../shared/log.ts";
import { type Cloudflare, CloudflareError } from "./api.ts";
import type { DesiredTunnel } from "./desired.ts";
import { repairs, type TunnelState } from "./metrics.ts";
import { planRepairs, type Repair } from "./plan.ts";

/** @returns how the tunnel stands. @throws CloudflareError where that, or what it is put right by, is not known */
export async function reconcileTunnel(
  api: Cloudflare,
  desired: DesiredTunnel,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<TunnelState> {
  const { accountId, zoneId, tunnelId, host } = desired;
  const tunnel = await found(() => api.tunnel(accountId, tunnelId, signal));
  // What leads to it leads nowhere, and the token of another one would be needed where its connector runs.
  if (!tunnel || tunnel.deleted) return "gone";
  const ingress = await api.ingress(accountId, tunnelId, signal);
  const records = await api.records(zoneId, host, signal);
  for (const repair of planRepairs(desired, { ingress, records })) {
    const { what, why } = repair;
    try {
      const made = await apply(api, desired, repair, signal);
      repairs.add({ what, outcome: "done" });
      log.warn("a tunnel was put right", { host, tunnelId, what, why, ...made });
    } catch (error) {
      repairs.add({ what, outcome: "failed" });
      throw error;
    }
  }
  return tunnel.state;
}

/** @returns undefined where the API says that there is none */
async function found<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CloudflareError && error.status === 404) return undefined;
    throw error;
  }
}

/** @returns what a reader of the log needs besides */
async function apply(
  api: Cloudflare,
  { accountId, zoneId, tunnelId }: DesiredTunnel,
  repair: Repair,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  if (repair.what === "route") {
    await api.putIngress(accountId, tunnelId, repair.ingress, signal);
    return {};
  }
  switch (repair.step) {
    case "create": {
      // The stack knows the record by the id that it had.
      const recordId = await api.createRecord(zoneId, repair.record, signal);
      return { recordId, todo: "tell the stack of the new record: docs/runbooks/keep-tunnels.md" };
    }
    case "change":
      await api.changeRecord(zoneId, repair.id, repair.record, signal);
      return { recordId: repair.id };
    case "remove":
      await api.removeRecord(zoneId, repair.id, signal);
      return { recordId: repair.id };
  }
}
