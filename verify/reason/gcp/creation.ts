import type { GoogleCreationFact } from "../../facts-google.ts";

type Call = GoogleCreationFact["calls"][number];

/** Of this very account: an earlier one of the same name had another id. */
export function callThatMadeAccount({
  uniqueId,
  calls,
}: Pick<GoogleCreationFact, "uniqueId" | "calls">): Call | undefined {
  return calls.find(({ madeId, error }) => error === undefined && madeId === uniqueId);
}
