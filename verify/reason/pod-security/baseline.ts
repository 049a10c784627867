/** The checks of the level `baseline`: what breaks out of a container by itself. */

import { atContainers, atContexts, type Judge, ownUsers, say, unless } from "./seen.ts";
import type { Check } from "./standards.ts";

const capabilities = new Set(
  (
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD " +
    "NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT"
  ).split(" "),
);

const fineProfiles: readonly unknown[] = ["RuntimeDefault", "Localhost"];

const hostNamespaces: Judge = ({ spec }) =>
  (["hostNetwork", "hostPID", "hostIPC"] as const)
    .filter((name) => spec[name])
    .map((name) => say(`spec.${name}`, true));

const hostPorts = atContainers(function* ({ ports }) {
  for (const { hostPort } of ports) if (hostPort) yield ["ports.hostPort", hostPort];
});

const hostPathVolumes: Judge = ({ spec }) =>
  spec.volumes.filter(({ hostPath }) => hostPath).map(({ name }) => `spec.volumes[${name}] is a hostPath`);

const privileged = atContainers(function* ({ securityContext }) {
  if (securityContext?.privileged) yield ["securityContext.privileged", true];
});

const addedCapabilities = atContainers(function* ({ securityContext }) {
  for (const added of securityContext?.capabilities?.add ?? []) {
    if (!capabilities.has(added)) yield ["securityContext.capabilities.add", added];
  }
});

const hostProcess = atContexts(function* ({ windowsOptions }) {
  if (windowsOptions?.hostProcess) yield ["windowsOptions.hostProcess", true];
});

const apparmorPrefix = "container.apparmor.security.beta.kubernetes.io/";
const apparmorFields = atContexts(function* ({ appArmorProfile }) {
  if (appArmorProfile && !fineProfiles.includes(appArmorProfile.type)) {
    yield ["appArmorProfile.type", appArmorProfile.type ?? ""];
  }
});
const appArmor: Judge = (pod) => [
  ...apparmorFields(pod),
  ...Object.entries(pod.annotations)
    .filter(([key]) => key.startsWith(apparmorPrefix))
    .filter(([, value]) => value !== "" && value !== "runtime/default" && !value.startsWith("localhost/"))
    .map(([key, value]) => say(`metadata.annotations[${key}]`, value)),
];

const seLinux = (types: readonly string[]): Judge =>
  atContexts(function* ({ seLinuxOptions }) {
    const { type, user, role } = seLinuxOptions ?? {};
    if (type && !types.includes(type)) yield ["seLinuxOptions.type", type];
    if (user) yield ["seLinuxOptions.user", user];
    if (role) yield ["seLinuxOptions.role", role];
  });
const seLinuxTypes = ["container_t", "container_init_t", "container_kvm_t"];

/** Other than Default: the kernel's files are not masked. */
export const procMount = atContainers(function* ({ securityContext }) {
  const { procMount: mounted } = securityContext ?? {};
  if (mounted !== undefined && mounted !== "Default") yield ["securityContext.procMount", mounted];
});

const seccompAnnotations: Judge = ({ annotations, containers }) => {
  const keys = [
    "seccomp.security.alpha.kubernetes.io/pod",
    ...containers.map(({ container }) => `container.seccomp.security.alpha.kubernetes.io/${container.name}`),
  ];
  return keys.flatMap((key) => {
    const value = annotations[key];
    const fine = value === undefined || ["runtime/default", "docker/default"].includes(value);
    return fine || value.startsWith("localhost/") ? [] : [say(`metadata.annotations[${key}]`, value)];
  });
};

/** Set, and to something that confines nothing. */
export const seccompFields = atContexts(function* ({ seccompProfile }) {
  if (seccompProfile && !fineProfiles.includes(seccompProfile.type)) {
    yield ["seccompProfile.type", seccompProfile.type ?? ""];
  }
});

const sysctls =
  (...allowed: readonly string[]): Judge =>
  ({ spec }) =>
    (spec.securityContext?.sysctls ?? [])
      .filter(({ name }) => !allowed.includes(name))
      .map(({ name }) => say("spec.securityContext.sysctls", name));
const sysctls0 = [
  "kernel.shm_rmid_forced",
  ...["ip_local_port_range", "tcp_syncookies", "ping_group_range", "ip_unprivileged_port_start"].map(ipv4),
];
const sysctls27 = [...sysctls0, ipv4("ip_local_reserved_ports")];
const sysctls29 = [
  ...sysctls27,
  ...["tcp_keepalive_time", "tcp_fin_timeout", "tcp_keepalive_intvl", "tcp_keepalive_probes"].map(ipv4),
];
const sysctls32 = [...sysctls29, ipv4("tcp_rmem"), ipv4("tcp_wmem")];
const sysctls37 = [...sysctls32, ipv4("tcp_slow_start_after_idle"), ipv4("tcp_notsent_lowat")];

function ipv4(name: string): string {
  return `net.ipv4.${name}`;
}

/** The kubelet would dial any address for whoever writes the pod. */
const probeHosts = atContainers(function* ({ lifecycle, ...container }) {
  const actions = {
    livenessProbe: container.livenessProbe,
    readinessProbe: container.readinessProbe,
    startupProbe: container.startupProbe,
    "lifecycle.postStart": lifecycle?.postStart,
    "lifecycle.preStop": lifecycle?.preStop,
  };
  for (const [name, action] of Object.entries(actions)) {
    if (action?.httpGet?.host) yield [`${name}.httpGet.host`, action.httpGet.host];
    if (action?.tcpSocket?.host) yield [`${name}.tcpSocket.host`, action.tcpSocket.host];
  }
});

export const baseline: readonly Check[] = [
  { id: "appArmorProfile", since: { 0: appArmor } },
  { id: "capabilities_baseline", since: { 0: addedCapabilities } },
  { id: "hostNamespaces", since: { 0: hostNamespaces } },
  { id: "hostPathVolumes", since: { 0: hostPathVolumes } },
  { id: "hostPorts", since: { 0: hostPorts } },
  { id: "hostProbesAndHostLifecycle", since: { 34: probeHosts } },
  { id: "privileged", since: { 0: privileged } },
  { id: "procMount", since: { 0: procMount, 35: unless(ownUsers, procMount) } },
  { id: "seLinuxOptions", since: { 0: seLinux(seLinuxTypes), 31: seLinux([...seLinuxTypes, "container_engine_t"]) } },
  { id: "seccompProfile_baseline", since: { 0: seccompAnnotations, 19: seccompFields } },
  {
    id: "sysctls",
    since: {
      0: sysctls(...sysctls0),
      27: sysctls(...sysctls27),
      29: sysctls(...sysctls29),
      32: sysctls(...sysctls32),
      37: sysctls(...sysctls37),
    },
  },
  { id: "windowsHostProcess", since: { 0: hostProcess } },
];
