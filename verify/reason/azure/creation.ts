/** Which of the calls that asked for an identity made the one that is there now. */
import type { AzureCreationFact } from "../../facts-azure.ts";

type Call = AzureCreationFact["calls"][number];

/** The last that made one: a call that failed made none, and one that met an identity only changed it. */
export function callThatMadeIdentity({ calls }: { calls: readonly Call[] }): Call | undefined {
  return calls
    .filter(({ status, answer }) => status === "Succeeded" && answer === "Created")
    .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))
    .at(-1);
}
