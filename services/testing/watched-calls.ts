/** A service of which a test hears each call's own credential, as it arrived. */
import type { ServiceParts } from "../shared/service.ts";

export interface Hop {
  /** Name of the service that was called. */
  service: string;
  /** The header, as it came; absent without one. */
  authorization: string | undefined;
}

/** @param heard is called before the service looks at the credential. */
export function watchedCalls(service: string, parts: ServiceParts, heard: (hop: Hop) => void): ServiceParts {
  const { rpc } = parts;
  if (!rpc) return parts;
  const verify: typeof rpc.verify = (authorization) => {
    heard({ service, authorization: authorization ?? undefined });
    return rpc.verify(authorization);
  };
  return { ...parts, rpc: { ...rpc, verify } };
}
