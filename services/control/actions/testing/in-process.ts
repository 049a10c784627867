/** The runs and actions services behind an in-process transport, with the same authentication as in production. */
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, createRouterTransport, type Transport } from "@connectrpc/connect";
import type { Authorizer } from "../../../shared/auth/authorizer.ts";
import { authInterceptor } from "../../../shared/auth/interceptor.ts";
import { relayIssuer, tokenVerifier } from "../../../shared/auth/verifier.ts";
import { errorInterceptor } from "../../../shared/errors.ts";
import { unrecorded } from "../../../shared/testing/audit.ts";
import { byRole } from "../../../shared/testing/authorizer.ts";
import { testIssuer } from "../../../shared/testing/issuer.ts";
import { recordingLog } from "../../../shared/testing/log.ts";
import { runsRoutes } from "../../runs/service.ts";
import { storedInputs } from "../../runs/testing/stored-inputs.ts";
import type { TriggerInputs } from "../../runs/trigger-inputs.ts";
import type { TestStore } from "../../store/testing/fixtures.ts";
import { actionsRoutes } from "../service.ts";

export interface InProcess {
  /** A client whose tokens have these claims beside the usual. @default org acme, role admin, subject someone */
  as<T extends DescService>(service: T, claims?: Record<string, unknown>): Client<T>;
  /** As the relay makes it for a compute plane. */
  asCluster(cluster: string, org?: string): Transport;
  lines: string[];
}

export async function serveInProcess(
  store: Pick<TestStore, "database" | "hub">,
  authorize: Authorizer = byRole,
  inputs: TriggerInputs = storedInputs,
): Promise<InProcess> {
  const [users, relay] = [await testIssuer(), await testIssuer(relayIssuer)];
  const verify = tokenVerifier([users.trusted, relay.trusted]);
  const { log, lines } = recordingLog();
  const connect = (token: () => Promise<string>) =>
    createRouterTransport(
      (router) => {
        runsRoutes({ ...store, inputs })(router);
        actionsRoutes(store)(router);
      },
      {
        router: { interceptors: [errorInterceptor(log), authInterceptor({ verify, authorize, audit: unrecorded })] },
        transport: {
          interceptors: [
            (next) => async (request) => {
              request.header.set("authorization", `Bearer ${await token()}`);
              return next(request);
            },
          ],
        },
      },
    );
  return {
    as: (service, claims = {}) =>
      createClient(
        service,
        connect(() => users.token(claims)),
      ),
    asCluster: (cluster, org = "acme") =>
      connect(() => relay.token({ sub: `${org}/${cluster}`, org, cluster, role: "cluster", kind: "cluster" })),
    lines,
  };
}

/** All messages of a stream that ends by itself. */
export async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}
