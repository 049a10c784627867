/** The evaluator beside a real API server: random pods, made as a dry run in namespaces of every level and version. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiServer, type TestApiServer } from "../../sandbox/providers/kubernetes/testing/api-server.ts";
import { manifestsFrom } from "../../verify/reason/input/manifests.ts";
import { readPods } from "../../verify/reason/pod-security/pod.ts";
import { type Level, levels, podSecurity } from "../../verify/reason/pod-security/standards.ts";
import { long, mapInFlight } from "./support/in-flight.ts";

/** Pods on which the server said yes or no. */
const wanted = long ? 1000 : 100;
const seed = Date.now() % 1_000_000;
/** Each has a rule that the one before it lacks. */
const versions = [
  "v1.7",
  "v1.8",
  "v1.18",
  "v1.19",
  "v1.22",
  "v1.23",
  "v1.25",
  "v1.27",
  "v1.29",
  "v1.31",
  "v1.32",
  "v1.33",
  "v1.34",
];

/** Mostly left out, so that many pods have one fault and some have none. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>, against = 12) =>
  fc.oneof({ weight: against, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const often = <T>(usual: T, others: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others });

const profile = fc.constantFrom<object>(
  { type: "RuntimeDefault" },
  { type: "Unconfined" },
  { type: "Localhost", localhostProfile: "p" },
);
const seLinux = fc.record(
  {
    type: fc.constantFrom("container_t", "container_engine_t", "spc_t", ""),
    user: fc.constantFrom("", "u"),
    role: fc.constantFrom("", "r"),
    level: fc.constant("s0"),
  },
  { requiredKeys: [] },
);
const shared = {
  runAsNonRoot: often<boolean | undefined>(true, fc.constantFrom(false, undefined)),
  runAsUser: rarely(fc.constantFrom(0, 0, 1000), 5),
  seccompProfile: often<object | undefined>({ type: "RuntimeDefault" }, rarely(profile, 3)),
  appArmorProfile: rarely(profile),
  seLinuxOptions: rarely(seLinux),
  windowsOptions: rarely(fc.constantFrom({ hostProcess: true }, { hostProcess: false }), 30),
};
const action = fc.constantFrom<object>(
  { httpGet: { port: 80 } },
  { httpGet: { port: 80, host: "10.0.0.1" } },
  { tcpSocket: { port: 80, host: "127.0.0.1" } },
  { tcpSocket: { port: "http", host: "" } },
  { exec: { command: ["true"] } },
);
const container = fc.record({
  image: fc.constant("registry.test/i:1"),
  ports: rarely(fc.constantFrom([{ containerPort: 80 }], [{ containerPort: 80, hostPort: 80 }, { containerPort: 81 }])),
  livenessProbe: rarely(action),
  readinessProbe: rarely(action),
  startupProbe: rarely(action),
  lifecycle: rarely(fc.record({ postStart: rarely(action, 1), preStop: rarely(action, 1) })),
  securityContext: fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    {
      weight: 9,
      arbitrary: fc.record({
        ...shared,
        privileged: rarely(fc.boolean()),
        allowPrivilegeEscalation: often<boolean | undefined>(false, fc.constantFrom(true, undefined)),
        procMount: rarely(fc.constantFrom("Default", "Unmasked")),
        capabilities: often<object | undefined>(
          { drop: ["ALL"] },
          rarely(
            fc.record({
              add: fc.subarray(["NET_BIND_SERVICE", "CHOWN", "NET_RAW", "ALL", "chown"]),
              drop: fc.subarray(["ALL", "NET_RAW", "all"]),
            }),
            5,
          ),
        ),
      }),
    },
  ),
});
const volume = fc.constantFrom<object>(
  { emptyDir: {} },
  { hostPath: { path: "/x" } },
  { nfs: { server: "s", path: "/x" } },
  { secret: { secretName: "s" } },
  { csi: { driver: "d" } },
  { gitRepo: { repository: "r" } },
  { projected: { sources: [] } },
  {},
);
const sysctl = fc.constantFrom(
  ...["net.ipv4.tcp_syncookies", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_rmem"],
  ...["kernel.shm_rmid_forced", "kernel.msgmax", "net.core.somaxconn"],
);
const annotation = fc.constantFrom<Record<string, string>>(
  { "container.apparmor.security.beta.kubernetes.io/c0": "unconfined" },
  { "container.apparmor.security.beta.kubernetes.io/c0": "runtime/default" },
  { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" },
  { "seccomp.security.alpha.kubernetes.io/pod": "docker/default" },
  { "container.seccomp.security.alpha.kubernetes.io/c0": "unconfined" },
  { "container.seccomp.security.alpha.kubernetes.io/other": "unconfined" },
);
const pod = fc
  .record({
    annotations: rarely(annotation, 4),
    containers: fc.array(container, { minLength: 1, maxLength: 2 }),
    initContainers: rarely(fc.array(container, { minLength: 1, maxLength: 1 }), 4),
    volumes: rarely(fc.array(volume, { minLength: 1, maxLength: 2 }), 3),
    securityContext: rarely(
      fc.record({ ...shared, sysctls: rarely(fc.uniqueArray(sysctl, { minLength: 1, maxLength: 2 })) }),
      2,
    ),
    hostNetwork: rarely(fc.boolean(), 20),
    hostPID: rarely(fc.boolean(), 20),
    hostIPC: rarely(fc.boolean(), 20),
    hostUsers: rarely(fc.boolean(), 5),
    os: rarely(fc.constantFrom("linux", "windows"), 10),
  })
  .map(({ annotations, containers, initContainers, volumes, securityContext, os, ...host }) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", annotations },
    spec: {
      ...host,
      ...(os ? { os: { name: os } } : {}),
      securityContext: securityContext && {
        ...securityContext,
        sysctls: securityContext.sysctls?.map((name) => ({ name, value: "1" })),
      },
      containers: containers.map((one, at) => ({ ...forWindows(one, os, at), name: `c${at}` })),
      initContainers: initContainers?.map((one, at) => ({ ...one, ...noProbes, name: `i${at}` })),
      volumes: volumes?.map((one, at) => ({ ...one, name: `v${at}` })),
    },
  }));

/** Init containers may have none. */
const noProbes = { livenessProbe: undefined, readinessProbe: undefined, startupProbe: undefined, lifecycle: undefined };

/** A pod of Windows with a field of Linux would not be judged at all. */
function forWindows<T extends { securityContext: unknown }>(one: T, os: string | undefined, at: number): T {
  if (os !== "windows") return one;
  return { ...one, securityContext: at === 0 ? { runAsNonRoot: true } : undefined };
}

interface Case {
  pod: Record<string, unknown>;
  level: Level;
  version: string;
}
const cases = fc.record<Case>({ pod, level: fc.constantFrom(...levels), version: fc.constantFrom(...versions) });

let api: TestApiServer;
beforeAll(async () => {
  api = await startApiServer();
  for (const level of levels) {
    for (const version of versions) {
      const name = namespaceOf({ level, version });
      const labels = {
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/enforce-version": version,
      };
      await made("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
      const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
      await made(`/api/v1/namespaces/${name}/serviceaccounts`, account);
    }
  }
});
afterAll(() => api?.close());

describe(`the pod security evaluator beside a real API server (seed ${seed})`, () => {
  it(`judges ${wanted} random pods as its admission does`, async () => {
    const asked = fc.sample(cases, { numRuns: wanted * 4, seed });
    const answers = await mapInFlight(asked, 8, async (one) => ({
      ...one,
      ours: ours(one),
      theirs: await theirs(one),
    }));
    const decided = answers.filter(({ theirs: said }) => said !== "invalid").slice(0, wanted);
    expect(decided.length).toBe(wanted);
    const differences = decided.filter((one) => one.theirs !== one.ours.allowed);
    expect(differences.map((one) => ({ ...one, pod: JSON.stringify(one.pod) }))).toEqual([]);
    const allowed = decided.filter(({ theirs: said }) => said === true).length;
    console.log(`${decided.length} pods, ${allowed} allowed, 0 differences, seed ${seed}`);
    // If hardly any were allowed, or refused, agreeing would prove little.
    expect(allowed).toBeGreaterThan(wanted / 20);
    expect(allowed).toBeLessThan((wanted * 19) / 20);
  });
});

function namespaceOf({ level, version }: Pick<Case, "level" | "version">): string {
  return `${level}-${version.replace(".", "-")}`;
}

function ours({ pod: object, level, version }: Case) {
  // As it goes over the wire: what is undefined is left out.
  const [read] = readPods(manifestsFrom(JSON.parse(JSON.stringify(object)), "random"));
  if (!read) throw new Error("no pod");
  return podSecurity(level, version)(read);
}

/** `invalid`: refused for another reason, before or beside the standards. */
async function theirs(one: Case): Promise<boolean | "invalid"> {
  const path = `/api/v1/namespaces/${namespaceOf(one)}/pods?dryRun=All`;
  const { status, message } = await api.ask("POST", path, { body: one.pod });
  if (status === 201) return true;
  return status === 403 && message.includes("violates PodSecurity") ? false : "invalid";
}

async function made(path: string, body: object): Promise<void> {
  const { status, message } = await api.ask("POST", path, { body });
  if (status !== 201) throw new Error(`${path}: ${status} ${message}`);
}
