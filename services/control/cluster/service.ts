/** The register of compute planes: who may join, with which certificate, who is alive, who serves an organisation. */
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import {
  RecordTunnelRequest_Change as Change,
  ClusterAdminService,
  ClusterLinkService,
  ClusterStateSchema,
  PlacementService,
  RegistrationService,
  TunnelRecordService,
} from "../../../gen/biplane/cluster/v1/registration_pb.js";
import { ClusterService } from "../../../gen/flyteidl2/cluster/service_pb.js";
import { type AuditSink, record, requestIdOf } from "../../shared/auth/audit.ts";
import { callerOf, type Identified } from "../../shared/auth/caller.ts";
import type { Presented } from "../../shared/cluster-identity.ts";
import { denied, invalid, notFound, precondition, unauthenticated } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { type ClusterAuthority, readSigningRequest, type SignedCertificate } from "./authority.ts";
import type { ClusterRow, ClusterStore } from "./clusters.ts";

export interface ClusterServiceDeps {
  store: ClusterStore;
  authority: ClusterAuthority;
  relayHost: string;
  tokenIssuer: string;
  /** The issuer's keys, a JWK set as JSON; clusters pin them. */
  tokenKeys(): Promise<string>;
  /** Keeps what becomes of clusters. */
  audit: AuditSink;
  log: Logger;
}

/** What is recorded of a tunnel, as the record's operation. */
const changes = new Map([
  [Change.OPENED, "Opened"],
  [Change.CLOSED, "Closed"],
]);

export function clusterRoutes(deps: ClusterServiceDeps) {
  const { store, authority, log } = deps;
  const certificate = ({ pem, notAfter }: SignedCertificate) => ({
    certificate: pem,
    authority: authority.certificate,
    notAfter: timestampFromDate(notAfter),
  });
  const keep = (who: Identified, operation: string, { requestHeader }: HandlerContext) => {
    const requestId = requestIdOf(requestHeader.get("x-request-id"));
    return record(deps.audit, who, { operation, resource: who.subject, decision: "allowed", reason: "", requestId });
  };
  return (router: ConnectRouter) => {
    // Empty: the client uses the connection that it has, so all data calls come through the region's data proxy.
    router.service(ClusterService, { selectCluster: () => ({}) });
    router.service(RegistrationService, {
      async register({ org, cluster, token, certificateRequest }, context) {
        const request = await readSigningRequest(certificateRequest);
        const tokenKeys = await deps.tokenKeys();
        const signed = await store.register(token, request.publicKey, async (name) => {
          // Organisation and cluster come from the token; a request that names others holds somebody else's token.
          if (name.org !== org || name.cluster !== cluster) throw refused();
          return authority.sign(request, name.org, name.cluster);
        });
        if (!signed) throw refused();
        if (signed === "key-refused") throw denied("the key was put out of use: come with another");
        const joined = { org, subject: cluster, kind: "cluster" as const, role: "cluster" as const, token: "" };
        await keep(joined, `${RegistrationService.typeName}/Register`, context);
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
        const came = presentedBy(context);
        const request = await readSigningRequest(certificateRequest);
        const signed = await authority.sign(request, came.org, came.cluster);
        if (!(await store.renew(came, request.publicKey, signed))) throw denied("the certificate is out of use");
        log.info("a certificate was renewed", { ...came, serial: signed.serial });
        return { certificate: certificate(signed), tokenKeys: await deps.tokenKeys() };
      },
      async heartbeat({ version, connections }, context) {
        const came = presentedBy(context);
        if (version.length > 128 || connections < 0) {
          throw invalid({ subject: "heartbeat", allowed: "a version of at most 128 characters, connections from 0" });
        }
        if (!(await store.heartbeat(came, version, connections))) throw precondition("the cluster is not registered");
        return {};
      },
      async checkCertificate(_request, context) {
        return { inUse: await store.inUse(presentedBy(context)) };
      },
    });
    router.service(TunnelRecordService, {
      async recordTunnel({ change }, context) {
        const name = changes.get(change);
        if (name === undefined) throw invalid({ subject: "change", value: change, allowed: "opened or closed" });
        const { org, cluster: subject } = presentedBy(context);
        await keep({ ...callerOf(context), org, subject }, `${TunnelRecordService.typeName}/${name}`, context);
        return {};
      },
    });
    router.service(ClusterAdminService, {
      async listClusters(_request, context) {
        return { clusters: (await store.list(callerOf(context).org)).map(stateOf) };
      },
      async revokeCluster({ cluster }, context) {
        const { org, subject } = callerOf(context);
        if (!(await store.revoke({ org, cluster }))) throw notFound(`the cluster ${cluster}`);
        log.warn("a cluster was put out of use", { org, cluster, by: subject });
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

function presentedBy(context: Parameters<typeof callerOf>[0]): Presented {
  const { org, cluster, certificate } = callerOf(context);
  if (cluster === undefined || certificate === undefined) throw unauthenticated("only a compute plane may call this");
  return { org, cluster, serial: certificate };
}

function stateOf(row: ClusterRow) {
  const time = (at: Date | null) => (at ? timestampFromDate(at) : undefined);
  return create(ClusterStateSchema, {
    ...row,
    heardAt: time(row.heard_at),
    certificateUntil: time(row.certificate_until),
    revokedAt: time(row.revoked_at),
  });
}
