/** The register of compute planes: who may join, with which certificate, who is alive, who serves an organisation. */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import {
  ClusterLinkService,
  PlacementService,
  RegistrationService,
} from "../../../gen/biplane/cluster/v1/registration_pb.js";
import { ClusterService } from "../../../gen/flyteidl2/cluster/service_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import type { ClusterName } from "../../shared/cluster-identity.ts";
import { invalid, precondition, unauthenticated } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { type ClusterAuthority, readSigningRequest, type SignedCertificate } from "./authority.ts";
import type { ClusterStore } from "./clusters.ts";

export interface ClusterServiceDeps {
  store: ClusterStore;
  authority: ClusterAuthority;
  relayHost: string;
  tokenIssuer: string;
  /** The issuer's keys, a JWK set as JSON; clusters pin them. */
  tokenKeys(): Promise<string>;
  log: Logger;
}

export function clusterRoutes(deps: ClusterServiceDeps) {
  const { store, authority, log } = deps;
  const certificate = ({ pem, notAfter }: SignedCertificate) => ({
    certificate: pem,
    authority: authority.certificate,
    notAfter: timestampFromDate(notAfter),
  });
  return (router: ConnectRouter) => {
    // Empty: the client uses the connection that it has, so all data calls come through the region's data proxy.
    router.service(ClusterService, { selectCluster: () => ({}) });
    router.service(RegistrationService, {
      async register({ org, cluster, token, certificateRequest }) {
        const request = await readSigningRequest(certificateRequest);
        const tokenKeys = await deps.tokenKeys();
        const signed = await store.register(token, request.publicKey, async (name) => {
          // Organisation and cluster come from the token; a request that names others holds somebody else's token.
          if (name.org !== org || name.cluster !== cluster) throw refused();
          return authority.sign(request, name.org, name.cluster);
        });
        if (!signed) throw refused();
        log.info("a cluster has registered", { org, cluster, serial: signed.serial });
        return {
          certificate: certificate(signed),
          relayHost: deps.relayHost,
          tokenIssuer: deps.tokenIssuer,
          tokenKeys,
        };
      },
    });
    router.service(ClusterLinkService, {
      async renew({ certificateRequest }, context) {
        const name = clusterOf(context);
        const request = await readSigningRequest(certificateRequest);
        const signed = await authority.sign(request, name.org, name.cluster);
        await store.renew(name, request.publicKey, signed);
        log.info("a certificate was renewed", { ...name, serial: signed.serial });
        return { certificate: certificate(signed), tokenKeys: await deps.tokenKeys() };
      },
      async heartbeat({ version, connections }, context) {
        const name = clusterOf(context);
        if (version.length > 128 || connections < 0) {
          throw invalid({ subject: "heartbeat", allowed: "a version of at most 128 characters, connections from 0" });
        }
        if (!(await store.heartbeat(name, version, connections))) throw precondition("the cluster is not registered");
        return {};
      },
    });
    router.service(PlacementService, {
      async resolveCluster(_request, context) {
        const cluster = await store.healthyCluster(callerOf(context).org);
        if (cluster === undefined) throw precondition("no compute plane of the organisation is connected");
        return { cluster };
      },
    });
  };
}

/** One answer for every reason, so that nothing about tokens can be found out by trying. */
const refused = () => unauthenticated("the registration token is not valid for this cluster and key");

function clusterOf(context: Parameters<typeof callerOf>[0]): ClusterName {
  const { org, cluster } = callerOf(context);
  if (cluster === undefined) throw unauthenticated("only a compute plane may call this");
  return { org, cluster };
}
