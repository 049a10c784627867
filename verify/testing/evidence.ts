/** Evidence as a check that passes leaves it, with the sabotage that it saw. */
import type { Evidence } from "../claims/evidence.ts";

export function passed(more: Partial<Evidence> = {}): Evidence {
  return {
    claim: "ns-per-project",
    by: "NS-01",
    result: "pass",
    sabotage: "gone",
    at: "2026-01-01T00:00:00.000Z",
    cloud: "aws",
    model: "self-managed",
    ...more,
  };
}
