/** Where a pod says that it listens, and what its cluster tells of how it speaks there. Pure. */
import type { V1Container, V1ContainerStatus, V1Pod, V1Probe } from "@kubernetes/client-node";
import type { Listener } from "../facts-probes.ts";

/** By which the platform's own programs are given what they show: a service's folder, the metrics store's file. */
const serviceFolder = "SERVICE_TLS_FOLDER";
const storeFile = "--web.config.file=";

/** Of every container that runs on, beside those that only begin a pod. */
export function listenersOf({ metadata, spec, status }: V1Pod): Listener[] {
  return (spec?.containers ?? []).flatMap((container) => {
    const state = status?.containerStatuses?.find(({ name }) => name === container.name);
    return (container.ports ?? [])
      .filter(({ protocol = "TCP" }) => protocol === "TCP")
      .map(
        ({ containerPort: port }): Listener => ({
          pod: `${metadata?.namespace}/${metadata?.name}`,
          container: container.name,
          port,
          kubelet: kubeletSpeaks(container, port, state),
          givenCertificate: isGivenCertificate(container),
        }),
      );
  });
}

/**
 * A container that is ready answered its kubelet's probes: by TLS where they are said to come by HTTPS, since a kubelet
 * that begins a handshake takes nothing else for an answer.
 */
function kubeletSpeaks(
  container: V1Container,
  port: number,
  state: V1ContainerStatus | undefined,
): Listener["kubelet"] {
  const schemes = [container.startupProbe, container.readinessProbe, container.livenessProbe]
    .filter((probe): probe is V1Probe => probe?.httpGet !== undefined && portOf(probe, container) === port)
    .map(({ httpGet }) => httpGet?.scheme ?? "HTTP");
  if (schemes.some((scheme) => scheme !== "HTTPS")) return "in clear";
  return schemes.length > 0 && state?.ready && state.started ? "by TLS" : "not at all";
}

function portOf({ httpGet }: V1Probe, { ports = [] }: V1Container): number | undefined {
  const port: unknown = httpGet?.port;
  return typeof port === "string" ? ports.find(({ name }) => name === port)?.containerPort : Number(port);
}

function isGivenCertificate({ env = [], args = [] }: V1Container): boolean {
  return env.some(({ name }) => name === serviceFolder) || args.some((arg) => arg.startsWith(storeFile));
}
