/** Sizes of pools of nodes, where a cloud counts them by zone; pure. */
import { refusal } from "../../shared/errors.ts";

/** What a pool of any such cloud says of itself. */
export interface PoolSpec {
  /** Sizes of each zone; the pool's own autoscaler moves between them. */
  perZone: { min: number; max: number };
  /** GiB of the boot disk. @default what the cloud's plan says */
  diskGib?: number;
  /** @default on-demand */
  capacity?: "on-demand" | "spot";
  labels?: Record<string, string>;
  taints?: { key: string; value?: string; effect: "NO_SCHEDULE" | "NO_EXECUTE" | "PREFER_NO_SCHEDULE" }[];
}

const subject = "biplane:kubernetes.nodePools";

/**
 * @param most nodes that a pool may have in a zone
 * @throws UserError for no pool at all, sizes that cannot be, and a plane that would begin without a node
 */
export function checkPoolSizes(pools: Record<string, PoolSpec>, most: number): void {
  for (const [name, { perZone }] of Object.entries(pools)) {
    const { min, max } = perZone;
    const whole = Number.isInteger(min) && Number.isInteger(max);
    if (whole && min >= 0 && max >= 1 && min <= max && max <= most) continue;
    const allowed = `whole numbers, min up to max, max from 1 to ${most}`;
    throw refusal({ subject: `${subject}.${name}.perZone`, value: perZone, allowed });
  }
  if (Object.values(pools).some(({ perZone, taints = [] }) => perZone.min > 0 && taints.length === 0)) return;
  throw refusal({
    subject,
    value: Object.keys(pools),
    allowed: "at least one pool without taints that keeps a node in each zone: the platform's services run there",
  });
}
