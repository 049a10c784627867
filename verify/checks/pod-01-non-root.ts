import type { V1Pod, V1SecurityContext } from "@kubernetes/client-node";
import { renderBuildPod } from "../../components/image-builder/build-pod.ts";
import { buildNamespace } from "../../components/image-builder/contract.ts";
import { nodeLogs, shipperAccount, shipperName, shipperNamespace } from "../../components/logs/contract.ts";
import { nameLabel } from "../../components/workloads/labels.ts";
import { defineClusterCheck } from "../check.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import { containersOf, rootReason } from "../reason/kubernetes.ts";
import { enforcedLevel, judgeExceptions } from "../reason/pod-exceptions.ts";
import { inOwnNamespaces, ownNamespaces } from "../target.ts";

/**
 * The documented command reads the first pod's pod-level context; this reads every container's effective one, and what the
 * API server enforces where.
 */
export const podsAreNonRoot = defineClusterCheck({
  id: "POD-01",
  title: "No container in our namespaces can run as root, and the exceptions run nothing but what they are there for",
  severity: "high",
  claims: ["verify-pod-security-context", "k8s-pod-security-non-root"],
  documented: ["C06"],
  fix: "Set runAsNonRoot: true and a numeric runAsUser on the pod, and nothing weaker on its containers.",
  needs: ["namespaces", "pods"],
  evaluate({ namespaces, pods }, target) {
    const ours = pods.filter(inOwnNamespaces(target));
    const containers = ours.flatMap((pod) =>
      containersOf(pod).map((container) => {
        const subject = `${subjectOf("Pod", pod)}#${container.name}`;
        const reason = rootReason(pod, container);
        return reason ? fail(subject, reason) : pass(subject, "runAsNonRoot in force");
      }),
    );
    return [...containers, ...judgeExceptions({ namespaces, pods }, target)];
  },
  sabotages: [
    {
      name: "the last container of the last pod runs as uid 0",
      apply(facts, target) {
        const pod = facts.pods.filter(inOwnNamespaces(target)).at(-1);
        const container = pod?.spec?.containers.at(-1);
        if (!container) return false;
        container.securityContext = { ...container.securityContext, runAsUser: 0 };
        return undefined;
      },
    },
    {
      name: "a privileged sidecar comes second",
      apply(facts, target) {
        const pod = facts.pods.find(({ metadata }) => metadata?.namespace === target.namespace);
        if (!pod?.spec) return false;
        pod.spec.containers.push({ name: "helper", securityContext: { privileged: true } });
        return undefined;
      },
    },
    {
      name: "runAsNonRoot is dropped from every pod",
      apply(facts) {
        for (const { spec } of facts.pods) {
          if (spec?.securityContext) delete spec.securityContext.runAsNonRoot;
          for (const container of spec?.containers ?? []) delete container.securityContext?.runAsNonRoot;
        }
      },
    },
    {
      name: "the last project's namespace loses its level",
      apply({ namespaces }, target) {
        const last = ownNamespaces(target).at(-1);
        const labels = namespaces.find(({ metadata }) => metadata?.name === last)?.metadata?.labels;
        if (!labels) return false;
        delete labels[enforcedLevel];
        return undefined;
      },
    },
    {
      name: "the platform's namespace becomes baseline",
      apply({ namespaces }, target) {
        const labels = namespaces.find(({ metadata }) => metadata?.name === target.namespace)?.metadata?.labels;
        if (!labels) return false;
        labels[enforcedLevel] = "baseline";
        return undefined;
      },
    },
    {
      name: "a stranger's pod runs beside the shipper",
      apply({ pods }) {
        pods.push({
          metadata: { namespace: shipperNamespace, name: "debug" },
          spec: { containers: [{ name: "debug" }] },
        });
      },
    },
    {
      name: "the shipper mounts all of its node",
      apply: ({ pods }) => void pods.push(shipper({ path: "/", readOnly: true })),
    },
    {
      name: "the shipper could write its node's logs",
      apply: ({ pods }) => void pods.push(shipper({ path: nodeLogs, readOnly: false })),
    },
    {
      name: "a stranger's pod runs beside the builds",
      apply({ pods }) {
        const spec = { containers: [{ name: "buildkit" }] };
        pods.push({ metadata: { namespace: buildNamespace, name: "buildkit" }, spec });
      },
    },
    {
      name: "a build is privileged",
      apply: ({ pods }) => void pods.push(build({ privileged: true })),
    },
    {
      name: "a build may make devices",
      apply: ({ pods }) => void pods.push(build({ capabilities: { drop: ["ALL"], add: ["SETUID", "MKNOD"] } })),
    },
    {
      name: "a build sees all of /proc",
      apply: ({ pods }) => void pods.push(build({ procMount: "Unmasked" })),
    },
  ],
});

/** As the builder makes it, but for what is changed of its container. */
function build(changed: V1SecurityContext): V1Pod {
  const pod = renderBuildPod({ name: "build-0", image: "registry.test/buildkit", seconds: 60 });
  const container = pod.spec?.containers[0];
  if (container) container.securityContext = { ...container.securityContext, ...changed };
  return pod;
}

/** As the kit makes it, but for the one folder. */
function shipper({ path, readOnly }: { path: string; readOnly: boolean }): V1Pod {
  const securityContext = {
    ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
    capabilities: { drop: ["ALL"] },
  };
  const volumeMounts = [{ name: "logs", mountPath: nodeLogs, readOnly }];
  return {
    metadata: { namespace: shipperNamespace, name: "log-shipper-0", labels: { [nameLabel]: shipperName } },
    spec: {
      serviceAccountName: shipperAccount,
      containers: [{ name: shipperName, securityContext, volumeMounts }],
      volumes: [{ name: "logs", hostPath: { path } }],
    },
  };
}
