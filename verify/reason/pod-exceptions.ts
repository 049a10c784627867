/** The list of Pod Security exceptions both ways: no namespace of ours is below the standard, and what may be runs nothing else. */
import type { V1Pod } from "@kubernetes/client-node";
import { buildCapabilities } from "../../components/image-builder/build-pod.ts";
import {
  builderAccount,
  builderService,
  buildNamespace,
  buildPodName,
} from "../../components/image-builder/contract.ts";
import {
  nodeLogs,
  nodeOffsets,
  shipperAccount,
  shipperName,
  shipperNamespace,
} from "../../components/logs/contract.ts";
import { nameLabel } from "../../components/workloads/labels.ts";
import { podSecurityExceptions } from "../../components/workloads/pod-security.ts";
import { type Facts, subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { ownNamespaces, type PlaneTarget } from "../target.ts";
import { containersOf, rootReason } from "./kubernetes.ts";

/** By which the API server itself refuses what is below the standard. */
export const enforcedLevel = "pod-security.kubernetes.io/enforce";

export function judgeExceptions(
  { namespaces, pods }: Pick<Facts, "namespaces" | "pods">,
  target: PlaneTarget,
): Finding[] {
  const inside = (name: string) => pods.filter(({ metadata }) => metadata?.namespace === name);
  const own = ownNamespaces(target).map((name) => {
    const subject = `Namespace/${name}`;
    const found = namespaces.find(({ metadata }) => metadata?.name === name)?.metadata?.labels?.[enforcedLevel];
    if (found !== "restricted") return fail(subject, `${enforcedLevel} is ${found ?? "not set"}`);
    const count = inside(name).length;
    if (name === target.namespace && count === 0) return fail(subject, "not one of its pods was read");
    return pass(subject, `restricted, ${count} pods`);
  });
  const exceptions = Object.keys(podSecurityExceptions).flatMap((name) =>
    inside(name).map((pod) => {
      const { fault, words } = judges[name] ?? stranger;
      const subject = subjectOf("Pod", pod);
      const reason = fault(pod);
      return reason ? fail(subject, reason) : pass(subject, words);
    }),
  );
  return [...own, ...exceptions];
}

interface Judge {
  fault(pod: V1Pod): string | undefined;
  /** Of a pod without fault. */
  words: string;
}

const stranger: Judge = { fault: () => "nothing of ours runs in this namespace", words: "" };
const judges: Record<string, Judge> = {
  [shipperNamespace]: { fault: shipperFault, words: "the log shipper, and nothing of the node but its logs" },
  [buildNamespace]: { fault: builderFault, words: "the image builder, and no more than a build needs" },
};

/** @returns undefined for the service that takes builds, and for a build pod with exactly the privileges of one */
function builderFault({ metadata, spec, ...pod }: V1Pod): string | undefined {
  const component = metadata?.labels?.[nameLabel] ?? "";
  const isService = component === builderService;
  if (!isService && component !== buildPodName) return "is neither the image builder nor a build";
  const account = spec?.serviceAccountName ?? "default";
  if (account !== (isService ? builderAccount : "default")) return `runs as account ${account}`;
  if (spec?.hostNetwork || spec?.hostPID || spec?.hostIPC) return "shares the node's network, processes or memory";
  const volumes = spec?.volumes ?? [];
  const folder = volumes.find(({ hostPath }) => hostPath);
  if (folder) return `mounts ${folder.hostPath?.path} of the node`;
  if (!isService && volumes.some(({ projected }) => projected)) return "holds a token";
  const mayAdd = isService ? [] : buildCapabilities;
  for (const container of containersOf({ ...pod, metadata, spec })) {
    const { name, securityContext: own, ports = [] } = container;
    const root = rootReason({ ...pod, metadata, spec }, container);
    if (root) return `${name}: ${root}`;
    if (own?.privileged) return `${name} is privileged`;
    if (own?.procMount && own.procMount !== "Default") return `${name} sees what is masked of /proc`;
    if (isService && own?.allowPrivilegeEscalation !== false) return `${name} could become more than it is`;
    const dropped = own?.capabilities?.drop?.includes("ALL") ?? false;
    const beyond = own?.capabilities?.add?.find((one) => !mayAdd.includes(one));
    if (!dropped || beyond !== undefined) return `${name} keeps a capability${beyond ? `: ${beyond}` : ""}`;
    if (ports.some(({ hostPort }) => hostPort)) return `${name} listens on the node's own address`;
  }
  return undefined;
}

/** @returns undefined for a pod that has what the kit gives the shipper, and nothing beyond */
function shipperFault({ metadata, spec, ...pod }: V1Pod): string | undefined {
  if (metadata?.labels?.[nameLabel] !== shipperName) return "is not the log shipper";
  if (spec?.serviceAccountName !== shipperAccount) return `runs as account ${spec?.serviceAccountName ?? "default"}`;
  if (spec.hostNetwork || spec.hostPID || spec.hostIPC) return "shares the node's network, processes or memory";
  const volumes = spec.volumes ?? [];
  const foreign = volumes.find(({ hostPath }) => hostPath && ![nodeLogs, nodeOffsets].includes(hostPath.path));
  if (foreign) return `mounts ${foreign.hostPath?.path} of the node`;
  const logs = volumes.filter(({ hostPath }) => hostPath?.path === nodeLogs).map(({ name }) => name);
  for (const { name, securityContext: own, volumeMounts = [], ports = [] } of containersOf({ ...pod, spec })) {
    if (volumeMounts.some((mount) => logs.includes(mount.name) && !mount.readOnly))
      return `${name} could write ${nodeLogs}`;
    if (own?.privileged || own?.allowPrivilegeEscalation !== false) return `${name} could become more than it is`;
    if (!own.readOnlyRootFilesystem) return `${name} could write its own files`;
    const dropped = own.capabilities?.drop?.includes("ALL") ?? false;
    if (!dropped || own.capabilities?.add?.length) return `${name} keeps a capability`;
    if (ports.some(({ hostPort }) => hostPort)) return `${name} listens on the node's own address`;
  }
  return undefined;
}
