/** Kubernetes clients that keep their connections: `@kubernetes/client-node` opens one for each request. */
import { isDeepStrictEqual } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";

type Dispatcher = ReturnType<Parameters<KubeConfig["applySecurityAuthentication"]>[0]["getDispatcher"]>;

/** As version 2.0.1 has it, where it is private. */
interface Making {
  createDispatcher(...asked: Parameters<KubeConfig["createDispatcherOptions"]>): Dispatcher;
}

/** As long as an API server works on a request that is no watch. A kept connection may be dead without a word. */
const answerWithinMs = 60_000;

/**
 * A configuration like any other, to be loaded by its own methods. Requests and watches share connections for as long as
 * the cluster's authority and the client's certificate stay the same; the library (2.0.1) makes a pool for each request,
 * so that each has a TLS handshake to itself, which costs both sides more than the request.
 */
export function keptKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  const making = config as unknown as Making;
  const make = making.createDispatcher.bind(config);
  let kept: { options: unknown; dispatcher: Dispatcher } | undefined;
  making.createDispatcher = (...asked) => {
    const options = [asked[0]?.server, config.createDispatcherOptions(...asked)];
    if (kept && isDeepStrictEqual(kept.options, options)) return kept.dispatcher;
    // What it has under way ends there.
    kept?.dispatcher?.close().catch(() => undefined);
    const pool = make(...asked);
    const dispatcher = pool?.compose(
      (dispatch) => (request, handler) => dispatch({ headersTimeout: answerWithinMs, ...request }, handler),
    );
    kept = { options, dispatcher };
    return kept.dispatcher;
  };
  return config;
}
