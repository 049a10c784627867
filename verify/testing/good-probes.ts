/** How every probe ends on a good plane and a good region. */
import { platformAccounts } from "../documented/components.ts";
import { channels, type ProbedHost, type ProbeFacts, tlsVersions } from "../facts-probes.ts";
import { logService } from "../probes/log-service.ts";
import { adminAccounts, type PlaneTarget } from "../target.ts";
import { account, roleArn } from "./good-cluster.ts";
import { goodControlPlane } from "./good-region.ts";

const platform = "union/executor";
const task = "demo-development/default";

export function goodLogs(target: PlaneTarget): ProbedHost[] {
  const logs = logService(target);
  return logs ? [host(logs.host, "log-service")] : [];
}

export function goodProbes(target: PlaneTarget): ProbeFacts {
  const { endpoint, relayHost } = goodControlPlane;
  return {
    probedHosts: [host(endpoint, "api"), host(relayHost, "relay")],
    probedStore: [host("s3.us-east-2.example.test", "object-store")],
    probedLogs: goodLogs(target),
    probedCallers: channels.flatMap((channel) => {
      const refused = { host: relayHost, channel, outcome: "refused" } as const;
      return [
        { ...refused, certificate: "none", told: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" } as const,
        { ...refused, certificate: "a stranger's own", told: "the other end closed" } as const,
      ];
    }),
    probedCalls: [
      call("flyteidl2.auth.IdentityService/UserInfo", "signed in", "Ok"),
      ...(["none", "unsigned token"] as const).flatMap((credential) => [
        call("flyteidl2.auth.AuthMetadataService/GetOAuth2Metadata", credential, "Ok"),
        call("biplane.cluster.v1.RegistrationService/Register", credential, "InvalidArgument"),
        call("flyteidl2.workflow.RunService/ListRuns", credential, "Unauthenticated"),
        call("biplane.cluster.v1.ClusterLinkService/Heartbeat", credential, "Unimplemented"),
        call("biplane.queue.v1.ExecutorQueueService/Lease", credential, "Unimplemented"),
        call("flyteidl2.app.AppService/Create", credential, "Unimplemented"),
      ]),
    ],
    probedAdmission: [
      {
        namespace: "demo-development",
        given: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "1Gi" } },
        tooMuch: { refused: true, told: "exceeded quota: quota, requested: requests.cpu=1M" },
      },
    ],
    probedSessions: [platform, task].flatMap((name) =>
      ["adminflyterole", "userflyterole"].map((role) => {
        const own = (name === platform) === (role === "adminflyterole");
        return {
          ...{ account: name, kind: name === platform ? "platform" : "task", role: roleArn(role), own, taken: own },
          told: own ? "a session" : `AccessDenied: of account ${account}`,
        } as const;
      }),
    ),
    probedObjects: ["acme-metadata", "acme-fast-reg"].flatMap((bucket) =>
      (["own", "next door"] as const).flatMap((place) =>
        (["put", "get", "delete"] as const).map((action) => {
          const allowed = place === "own";
          return { ...{ account: task, bucket, place, action, allowed }, told: allowed ? "done" : "AccessDenied" };
        }),
      ),
    ),
    probedNames: platformAccounts(target).flatMap((name) =>
      [...new Set([...adminAccounts(target), name])].map((session) => {
        const own = session === name && adminAccounts(target).includes(name);
        return { account: name, name: session, own, taken: own, told: own ? "a session" : "AccessDenied" };
      }),
    ),
    probedReach: ["acme-metadata", "acme-fast-reg"].flatMap((bucket) =>
      adminAccounts(target).flatMap((name) =>
        (["put", "get"] as const).map((action) => {
          const allowed = name === "proxy-system" || (name === "executor" && action === "get");
          return { account: name, bucket, action, allowed, told: allowed ? "done" : "AccessDenied" };
        }),
      ),
    ),
    probedConnections: [
      { case: "open", to: "Pod/biplane-probe-1/open:8080", connected: true, told: "connected" },
      { case: "closed", to: "Pod/biplane-probe-1/closed:8080", connected: false, told: "silent for 5000 ms" },
      { case: "plane", to: "Pod/union/tunnel-x:8080", connected: false, told: "silent for 5000 ms" },
    ],
    probedListeners: ["executor", "tunnel"].flatMap((container) =>
      [8080, 9090].map((port) => ({
        ...{ pod: `union/${container}-x`, container, port, declared: true, givenCertificate: true },
        ...({ kubelet: port === 9090 ? "by TLS" : "not at all", speaks: "by TLS", told: "TLSv1.3" } as const),
      })),
    ),
  };
}

function host(name: string, purpose: ProbedHost["purpose"]): ProbedHost {
  const tls = tlsVersions.map((version) => {
    const accepted = version === "TLSv1.2" || version === "TLSv1.3";
    return { version, accepted, told: accepted ? "TLS_AES_256_GCM_SHA384" : "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" };
  });
  return { host: name, purpose, tls, plain: { outcome: "closed", told: "ECONNREFUSED" } };
}

function call(method: string, credential: ProbeFacts["probedCalls"][number]["credential"], code: string) {
  return { method, credential, code, told: code === "Ok" ? "" : "a bearer token is required" };
}
