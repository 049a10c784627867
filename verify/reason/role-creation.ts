/** Which of the calls that asked for a role's name made the role that is there now. */
import type { RoleCreationFact } from "../facts-account.ts";

type Call = RoleCreationFact["calls"][number];

/** By the unique id: a call that failed made none, and an earlier one of the name another. */
export function callThatMade({ id, calls }: Pick<RoleCreationFact, "id"> & { calls: readonly Call[] }) {
  return calls.find(({ errorCode, roleId }) => errorCode === undefined && roleId === id);
}
