/** What the region's services send along of a caller: its token, and Identity's word on what it may do. */
import { createClient } from "@connectrpc/connect";
import { AuthorizerService } from "../../gen/biplane/policy/v1/policy_pb.js";
import { forwardToken } from "../../services/shared/auth/caller.ts";
import { beside } from "./beside.ts";

/** Well within the minute that a statement lives. */
const keptMs = 20_000;

export interface Stated {
  /** For a call to a compute plane's own service. */
  headers(): Promise<Record<string, string>>;
  close(): void;
}

/** @param token of the caller, verified by the one that is asked */
export async function statedOf(token: string): Promise<Stated> {
  const { transport, close } = await beside("region", "identity");
  const identity = createClient(AuthorizerService, transport);
  let last = { statement: "", until: 0 };
  return {
    async headers() {
      if (last.until < Date.now()) {
        const { statement } = await identity.resolve({}, { headers: forwardToken({ token }) });
        last = { statement, until: Date.now() + keptMs };
      }
      return forwardToken({ token, statement: last.statement });
    },
    close,
  };
}
