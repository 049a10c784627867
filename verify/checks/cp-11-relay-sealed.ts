import type { V1Container, V1Pod, V1Service } from "@kubernetes/client-node";
import { defineRegionCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import type { HostFact } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { containersOf } from "../reason/kubernetes.ts";
import { servicePods } from "../reason/region.ts";

const sealed = ["TLSv1.2", "TLSv1.3"];
/** Streams pass through these, from the tunnel to the client. */
const relaying = ["gateway", "dataproxy", "relay"];
const certificate = "TLS_CERT_FILE";

/**
 * Both hops that leave the region: the customer's tunnel, and the client. Each ends in a pod of ours that has the key,
 * not at a balancer. Between these pods it goes by the services' own certificates (decision 60).
 */
export const relayedInMemory = defineRegionCheck({
  id: "CP-11",
  title: "What is relayed comes and goes by TLS, and passes through pods that have nothing but memory to write to",
  severity: "high",
  claims: ["relay-in-memory-encrypted"],
  documented: [],
  fix: "Serve both hosts by TLS 1.2 or later only, and take writable volumes off the relaying pods.",
  needs: ["regionHosts", "regionServices", "regionPods", "regionBalancers"],
  evaluate({ regionHosts, regionServices, regionPods, regionBalancers }, { namespace, endpoint, relayHost }) {
    const pods = servicePods(regionPods, namespace);
    return [
      ...[endpoint, relayHost].map((host) => judgeHost(host, endpoint, regionHosts)),
      ...regionBalancers.map(({ arn, listeners }): Finding => {
        const other = listeners.find(({ port, protocol }) => port !== 443 || protocol !== "TCP");
        if (other) return fail(arn, `listens on ${other.port} with ${other.protocol}: TLS does not end at a pod`);
        return pass(arn, "passes TLS through on 443");
      }),
      ...regionServices
        .filter(({ metadata, spec }) => metadata?.namespace === namespace && spec?.type !== "ClusterIP")
        .flatMap((service) => judgeOpen(service, pods)),
      ...relaying.flatMap((name) => judgeService(name, pods)),
    ];
  },
  sabotages: [
    {
      name: "the relay speaks an old TLS",
      apply: ({ regionHosts }) => change(regionHosts, -1, { protocol: "TLSv1.1" }),
    },
    {
      name: "the endpoint's certificate is nobody's",
      apply: ({ regionHosts }) => change(regionHosts, 0, { trusted: false }),
    },
    {
      name: "the endpoint serves plain HTTP on the same port",
      apply: ({ regionHosts }) => change(regionHosts, 0, { plainAnswer: "HTTP/1.1 200 OK" }),
    },
    {
      name: "the last balancer ends TLS itself",
      apply({ regionBalancers }) {
        for (const listener of regionBalancers.at(-1)?.listeners ?? []) listener.protocol = "TLS";
      },
    },
    {
      name: "a Service opens the data proxy's plain port",
      apply({ regionServices }, { namespace }) {
        regionServices.push({
          metadata: { namespace, name: "dataproxy-public" },
          spec: { type: "NodePort", selector: { "app.kubernetes.io/name": "dataproxy" } },
        });
      },
    },
    {
      name: "the relay may write to a disk",
      apply({ regionPods }, { namespace }) {
        named(servicePods(regionPods, namespace), "relay")[0]?.spec?.volumes?.push({ name: "spool", emptyDir: {} });
      },
    },
    {
      name: "the data proxy's root is writable",
      apply({ regionPods }, { namespace }) {
        const [container] = named(servicePods(regionPods, namespace), "dataproxy")[0]?.spec?.containers ?? [];
        if (!container) return false;
        container.securityContext = { ...container.securityContext, readOnlyRootFilesystem: false };
        return undefined;
      },
    },
  ],
});

function change(hosts: HostFact[], at: number, more: Partial<HostFact>): undefined | false {
  const host = hosts.at(at);
  if (!host) return false;
  Object.assign(host, more);
  return undefined;
}

const named = (pods: V1Pod[], name: string) =>
  pods.filter(({ metadata }) => metadata?.labels?.["app.kubernetes.io/name"] === name);

/** The relay's clients pin the region's own authority, which no list of authorities holds. */
function judgeHost(host: string, endpoint: string, hosts: HostFact[]): Finding {
  const seen = hosts.find((candidate) => candidate.host === host);
  if (!seen) return fail(host, "was not looked at");
  if (!sealed.includes(seen.protocol)) return fail(host, `speaks ${seen.protocol || "no TLS"}`);
  if (host === endpoint && !seen.trusted) return fail(host, "its certificate is of no authority that clients trust");
  if (!seen.certificateFor.includes(host))
    return fail(host, `its certificate is for ${seen.certificateFor.join(", ")}`);
  if (/^HTTP\/\S+ [123]/.test(seen.plainAnswer ?? "")) return fail(host, `answers plain HTTP: ${seen.plainAnswer}`);
  return pass(host, `${seen.protocol}, ${seen.cipher}; plain HTTP: ${seen.plainAnswer ?? "closed"}`);
}

function judgeOpen(service: V1Service, pods: V1Pod[]): Finding[] {
  const wanted = Object.entries(service.spec?.selector ?? {});
  const behind = pods.filter(({ metadata }) => wanted.every(([key, value]) => metadata?.labels?.[key] === value));
  if (behind.length === 0) return [fail(subjectOf("Service", service), "opens a port that no pod stands behind")];
  return behind.map((pod) => {
    const plain = containersOf(pod).find(
      ({ env = [] }) => !env.some(({ name, value }) => name === certificate && value),
    );
    const subject = `${subjectOf("Service", service)} → ${pod.metadata?.name}`;
    return plain
      ? fail(subject, `${plain.name} has no certificate to serve by`)
      : pass(subject, "serves by its own certificate");
  });
}

function judgeService(name: string, pods: V1Pod[]): Finding[] {
  const own = named(pods, name);
  if (own.length === 0) return [fail(`service ${name}`, "has no pod")];
  return own.map((pod) => {
    const subject = subjectOf("Pod", pod);
    const volume = (pod.spec?.volumes ?? []).find(
      ({ secret, configMap, downwardAPI, projected, emptyDir }) =>
        !(secret || configMap || downwardAPI || projected || emptyDir?.medium === "Memory"),
    );
    if (volume) return fail(subject, `may write to ${volume.name}`);
    const writable = containersOf(pod).find((container) => !isReadOnly(container));
    return writable
      ? fail(subject, `the root of ${writable.name} is writable`)
      : pass(subject, "writes to memory only");
  });
}

function isReadOnly({ securityContext }: V1Container): boolean {
  return securityContext?.readOnlyRootFilesystem === true && !securityContext.privileged;
}
