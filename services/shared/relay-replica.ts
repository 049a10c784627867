/**
 * How a relay tells a tunnel which replica it is and of how many: two HTTP/2 settings of our own, in the range that is
 * set apart for experiments (RFC 9113, 11.3). A side that does not know them ignores them.
 */
import type { Http2Session } from "node:http2";

const replicaSetting = 0xf0b1;
const replicasSetting = 0xf0b2;

/** For the side that is told: Node shows only settings that were asked for. */
export const replicaSettings = [replicaSetting, replicasSetting];

export interface Replica {
  /** A number that a replica draws when it starts. */
  id: number;
  /** How many replicas there are, this one included. */
  of: number;
}

export function announcing({ id, of }: Replica): { customSettings: Record<number, number> } {
  return { customSettings: { [replicaSetting]: id, [replicasSetting]: of } };
}

/** @returns undefined where the other side has not told. */
export function replicaOf(session: Http2Session): Replica | undefined {
  const told = session.destroyed ? undefined : session.remoteSettings?.customSettings;
  const [id, of] = [told?.[replicaSetting], told?.[replicasSetting]];
  return id === undefined || of === undefined ? undefined : { id, of };
}

/** Whether a connection stands where another does already, while some replica has none. */
export function isDouble(one: Replica | undefined, others: readonly (Replica | undefined)[]): boolean {
  if (!one) return false;
  const reached = new Set(others.flatMap((other) => other?.id ?? []));
  return reached.has(one.id) && reached.size < one.of;
}
