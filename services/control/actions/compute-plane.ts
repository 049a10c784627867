import type { HandlerContext } from "@connectrpc/connect";
import { callerOf } from "../../shared/auth/caller.ts";
import { denied } from "../../shared/errors.ts";

/** @returns the calling compute plane, as its certificate says. @throws permission_denied for anybody else */
export function planeOf(context: HandlerContext): { org: string; cluster: string } {
  const { org, cluster } = callerOf(context);
  if (!cluster) throw denied("only a compute plane may call this");
  return { org, cluster };
}
