import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manifestsOf } from "../testing/manifests.ts";
import { readPods } from "./pod.ts";
import { type Level, podSecurity } from "./standards.ts";

const tight = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};
const pod = (spec: object, annotations: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "x", annotations },
  spec,
});
const judge = (object: object, level: Level, version = "v1.34") =>
  readPods(manifestsOf([object])).map(podSecurity(level, version));
const checks = (object: object, level: Level, version?: string) =>
  judge(object, level, version).flatMap(({ violations }) => violations.map((text) => text.split(":")[0]));

/** A container that restricted lets pass, and what a case changes of it. */
const with_ = (context: object, more: object = {}) => ({
  containers: [{ name: "c", securityContext: { ...tight, ...context }, ...more }],
});

describe("baseline refuses", () => {
  it.each<[string, object, object?]>([
    ["hostNamespaces", { hostNetwork: true }],
    ["hostNamespaces", { hostPID: true }],
    ["hostNamespaces", { hostIPC: true }],
    [
      "hostPathVolumes",
      {
        volumes: [
          { name: "v", emptyDir: {} },
          { name: "w", hostPath: { path: "/" } },
        ],
      },
    ],
    ["hostPorts", with_({}, { ports: [{ containerPort: 80 }, { hostPort: 80 }] })],
    ["privileged", with_({ privileged: true })],
    ["capabilities_baseline", with_({ capabilities: { add: ["CHOWN", "NET_RAW"] } })],
    ["procMount", with_({ procMount: "Unmasked" })],
    ["procMount", { ...with_({ procMount: "Unmasked" }), hostUsers: false }],
    ["seLinuxOptions", with_({ seLinuxOptions: { type: "spc_t" } })],
    ["seLinuxOptions", with_({ seLinuxOptions: { role: "r" } })],
    ["seLinuxOptions", { securityContext: { seLinuxOptions: { user: "u" } } }],
    ["seccompProfile_baseline", { securityContext: { seccompProfile: { type: "Unconfined" } } }],
    ["seccompProfile_baseline", with_({ seccompProfile: { type: "Unconfined" } })],
    ["sysctls", { securityContext: { sysctls: [{ name: "net.ipv4.tcp_rmem" }, { name: "kernel.msgmax" }] } }],
    ["windowsHostProcess", { securityContext: { windowsOptions: { hostProcess: true } } }],
    ["windowsHostProcess", with_({ windowsOptions: { hostProcess: true } })],
    ["appArmorProfile", with_({ appArmorProfile: { type: "Unconfined" } })],
    ["appArmorProfile", {}, { "container.apparmor.security.beta.kubernetes.io/c": "unconfined" }],
    ["hostProbesAndHostLifecycle", with_({}, { livenessProbe: { httpGet: { host: "1.2.3.4" } } })],
    ["hostProbesAndHostLifecycle", with_({}, { startupProbe: { tcpSocket: { host: "127.0.0.1" } } })],
    ["hostProbesAndHostLifecycle", with_({}, { lifecycle: { preStop: { httpGet: { host: "a" } } } })],
  ])("%s: %j", (check, spec, annotations) => {
    expect(checks(pod(spec, annotations), "baseline")).toEqual([check]);
    expect(judge(pod(spec, annotations), "restricted")[0]?.allowed).toBe(false);
  });

  it.each(["initContainers", "ephemeralContainers"])("the same in %s", (kind) => {
    const spec = { ...with_({}), [kind]: [{ name: "other", securityContext: { ...tight, privileged: true } }] };
    expect(judge(pod(spec), "baseline")[0]?.violations).toEqual([
      `privileged: spec.${kind}[other].securityContext.privileged is true`,
    ]);
  });

  it.each<[string, object, object?]>([
    ["nothing that is not set", { containers: [{ name: "c" }] }],
    ["what is set to nothing", { hostNetwork: null, securityContext: null, containers: [{ name: "c", ports: null }] }],
    ["probes of the pod itself", with_({}, { livenessProbe: { httpGet: { path: "/", port: 80 } } })],
    ["profiles that confine", with_({ appArmorProfile: { type: "Localhost" }, seccompProfile: { type: "Localhost" } })],
    ["annotations that confine", {}, { "container.apparmor.security.beta.kubernetes.io/c": "localhost/x" }],
    ["annotations of another time", {}, { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" }],
    ["types of SELinux for containers", with_({ seLinuxOptions: { type: "container_engine_t", level: "s0" } })],
    ["harmless sysctls", { securityContext: { sysctls: [{ name: "net.ipv4.tcp_wmem" }] } }],
    ["a hostPort of 0", with_({}, { ports: [{ hostPort: 0 }] })],
  ])("%s: no", (_, spec, annotations) => {
    expect(judge(pod(spec, annotations), "baseline")).toEqual([{ pod: "x/p", allowed: true, violations: [] }]);
  });
});

describe("restricted refuses", () => {
  it.each<[string, object]>([
    ["allowPrivilegeEscalation", with_({ allowPrivilegeEscalation: null })],
    ["allowPrivilegeEscalation", with_({ allowPrivilegeEscalation: true })],
    ["capabilities_restricted", with_({ capabilities: { drop: ["NET_RAW"] } })],
    ["capabilities_restricted", with_({ capabilities: null })],
    ["capabilities_restricted", with_({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "CHOWN"] } })],
    ["restrictedVolumes", { ...with_({}), volumes: [{ name: "v", nfs: { server: "s" } }] }],
    ["restrictedVolumes", { ...with_({}), volumes: [{ name: "v", hostPath: { path: "/" } }] }],
    ["runAsNonRoot", with_({ runAsNonRoot: null })],
    ["runAsNonRoot", { ...with_({ runAsNonRoot: false }), securityContext: { runAsNonRoot: true } }],
    ["runAsNonRoot", { ...with_({}), securityContext: { runAsNonRoot: false } }],
    ["runAsNonRoot", { ...with_({ runAsNonRoot: null }), hostUsers: false }],
    ["runAsUser", with_({ runAsUser: 0 })],
    ["runAsUser", { ...with_({ runAsUser: 1 }), securityContext: { runAsUser: 0 } }],
    ["seccompProfile_restricted", with_({ seccompProfile: null })],
    ["seccompProfile_restricted", { ...with_({}), securityContext: { seccompProfile: { type: "Unconfined" } } }],
  ])("%s: %j", (check, spec) => {
    expect(checks(pod(spec), "restricted")).toEqual([check]);
  });

  it.each<[string, object]>([
    ["a container that states all of it", with_({})],
    [
      "containers for which the pod states it",
      {
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "Localhost" } },
        ...with_({ runAsNonRoot: null, seccompProfile: null }),
      },
    ],
    ["the one capability that may be added", with_({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } })],
    ["a volume that says nothing", { ...with_({}), volumes: [{ name: "v" }, { name: "w", image: {} }] }],
    [
      "a pod of Windows",
      { os: { name: "windows" }, containers: [{ name: "c", securityContext: { runAsNonRoot: true } }] },
    ],
  ])("not %s", (_, spec) => {
    expect(judge(pod(spec), "restricted")).toEqual([{ pod: "x/p", allowed: true, violations: [] }]);
  });
});

describe("versions", () => {
  const bare = { containers: [{ name: "c" }] };
  const open = { hostUsers: false, ...with_({ procMount: "Unmasked", runAsNonRoot: false, runAsUser: 0 }) };
  const windows = { os: { name: "windows" }, containers: [{ name: "c", securityContext: { runAsNonRoot: true } }] };
  const all = ["allowPrivilegeEscalation", "capabilities_restricted", "runAsNonRoot", "seccompProfile_restricted"];
  it.each<[string, Level, string, object, string[], object?]>([
    ["nothing asked of escalation yet", "restricted", "v1.7", bare, ["runAsNonRoot"]],
    ["escalation", "restricted", "v1.8", bare, ["allowPrivilegeEscalation", "runAsNonRoot"]],
    ["seccomp by fields", "restricted", "v1.19", bare, all.filter((name) => name !== "capabilities_restricted")],
    ["capabilities", "restricted", "1.22", bare, all],
    ["a root user yet", "restricted", "v1.22", with_({ runAsUser: 0 }), []],
    ["a root user no longer", "restricted", "v1.23", with_({ runAsUser: 0 }), ["runAsUser"]],
    ["Windows like any other", "restricted", "v1.24", windows, all.filter((name) => name !== "runAsNonRoot")],
    ["Windows apart", "restricted", "v1.25", windows, []],
    ["probes to anywhere yet", "baseline", "v1.33", with_({}, { livenessProbe: { httpGet: { host: "a" } } }), []],
    [
      "an SELinux type that has come",
      "baseline",
      "v1.31",
      with_({ seLinuxOptions: { type: "container_engine_t" } }),
      [],
    ],
    [
      "an SELinux type yet to come",
      "baseline",
      "v1.30",
      with_({ seLinuxOptions: { type: "container_engine_t" } }),
      ["seLinuxOptions"],
    ],
    ["seccomp by annotations", "baseline", "v1.18", with_({ seccompProfile: { type: "Unconfined" } }), []],
    [
      "seccomp by annotations",
      "baseline",
      "v1.18",
      with_({}),
      ["seccompProfile_baseline"],
      { "container.seccomp.security.alpha.kubernetes.io/c": "unconfined" },
    ],
    ["users of its own count", "baseline", "v1.35", open, []],
    ["users of its own count, but for /proc", "restricted", "latest", open, ["procMount_restricted"]],
    ["users of its own do not count yet", "restricted", "v1.34", open, ["procMount", "runAsNonRoot", "runAsUser"]],
  ])("%s: %s %s", (_, level, version, spec, expected, annotations) => {
    expect(checks(pod(spec, annotations), level, version)).toEqual(expected);
  });

  it.each([
    ["v1.26", ["ip_local_reserved_ports", "tcp_fin_timeout", "tcp_rmem", "tcp_notsent_lowat"]],
    ["v1.27", ["tcp_fin_timeout", "tcp_rmem", "tcp_notsent_lowat"]],
    ["v1.29", ["tcp_rmem", "tcp_notsent_lowat"]],
    ["v1.32", ["tcp_notsent_lowat"]],
    ["v1.36", ["tcp_notsent_lowat"]],
    ["v1.37", []],
  ])("sysctls of %s", (version, refused) => {
    const names = ["ip_local_reserved_ports", "tcp_fin_timeout", "tcp_rmem", "tcp_notsent_lowat"];
    const spec = { securityContext: { sysctls: names.map((name) => ({ name: `net.ipv4.${name}` })) } };
    expect(judge(pod(spec), "baseline", version)[0]?.violations).toEqual(
      refused.map((name) => `sysctls: spec.securityContext.sysctls is "net.ipv4.${name}"`),
    );
  });

  it.each(["v1.38", "v2.0", "1", "new", "v1.34.1"])("%s is refused", (version) => {
    expect(() => podSecurity("baseline", version)).toThrow(/--version is ".*"; allowed: v1\.0 to v1\.37, or latest/);
  });
});

describe("templates of workloads", () => {
  it("are judged like pods, each by its namespace, kind and name", () => {
    const template = { spec: { hostPID: true, containers: [{ name: "c" }] } };
    const objects = [
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d", namespace: "x" }, spec: { template } },
      {
        apiVersion: "batch/v1",
        kind: "CronJob",
        metadata: { name: "c" },
        spec: { jobTemplate: { spec: { template } } },
      },
      { apiVersion: "v1", kind: "PodTemplate", metadata: { name: "t" }, template },
      { apiVersion: "example.com/v1", kind: "Deployment", metadata: { name: "other" }, spec: { template } },
      { apiVersion: "v1", kind: "Service", metadata: { name: "s" } },
    ];
    const answers = readPods(manifestsOf(objects)).map(podSecurity("baseline", "latest"));
    expect(answers.map(({ pod: name, allowed }) => [name, allowed])).toEqual([
      ["x/Deployment/d", false],
      ["default/CronJob/c", false],
      ["default/PodTemplate/t", false],
    ]);
  });

  it("are refused where there is none, and where a field is of another type", () => {
    const broken = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" }, spec: {} };
    expect(() => readPods(manifestsOf([broken]))).toThrow(/Deployment d spec template is missing/);
    expect(() => readPods(manifestsOf([pod({ hostNetwork: "true" })]))).toThrow(
      /Pod p: spec\.hostNetwork is "true"; allowed: true or false/,
    );
    for (const source of [{ emptyDir: {}, hostPath: { path: "/" } }, { hostPath: "/" }])
      expect(() => readPods(manifestsOf([pod({ volumes: [{ name: "v", ...source }] })]))).toThrow(
        /volumes\.0 .*; allowed: a volume of one kind at most, which is an object/,
      );
  });
});

describe("for any pod", () => {
  const context = fc.record({
    privileged: fc.option(fc.boolean()),
    runAsUser: fc.option(fc.constantFrom(0, 1)),
    runAsNonRoot: fc.option(fc.boolean()),
    allowPrivilegeEscalation: fc.option(fc.boolean()),
    procMount: fc.option(fc.constantFrom("Default", "Unmasked")),
    seccompProfile: fc.option(fc.record({ type: fc.constantFrom("RuntimeDefault", "Unconfined") })),
    capabilities: fc.option(fc.record({ add: fc.subarray(["CHOWN", "SYS_ADMIN"]), drop: fc.subarray(["ALL"]) })),
  });
  const spec = fc.record({
    hostNetwork: fc.option(fc.boolean()),
    containers: fc.array(fc.record({ name: fc.constantFrom("a", "b"), securityContext: context }), { maxLength: 2 }),
    volumes: fc.array(fc.constantFrom({ name: "v", hostPath: {} }, { name: "w", secret: {} }), { maxLength: 2 }),
  });
  const version = fc.integer({ min: 0, max: 37 }).map((minor) => `v1.${minor}`);

  it("what restricted lets pass, baseline does too", () => {
    fc.assert(
      fc.property(spec, version, (given, at) => {
        if (judge(pod(given), "restricted", at)[0]?.allowed) expect(checks(pod(given), "baseline", at)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it("a refusal says why, and one more container never makes a pod fine", () => {
    fc.assert(
      fc.property(spec, context, (given, securityContext) => {
        const more = { ...given, containers: [...given.containers, { name: "more", securityContext }] };
        const [first] = judge(pod(given), "restricted");
        expect(first?.allowed).toBe(first?.violations.length === 0);
        if (!first?.allowed) expect(judge(pod(more), "restricted")[0]?.allowed).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
