/** What runs in a cluster: restricted as Kubernetes' own standard says, limited, and what was built. */
import { nodeLogs, nodeOffsets, shipperName } from "../../components/logs/contract.ts";
import { listOf, objectOf, objectsOf, textOf, textsOf } from "../inputs.ts";
import type { Inputs, Rule } from "../rule.ts";

const templated = [
  "kubernetes:apps/v1:Deployment",
  "kubernetes:apps/v1:StatefulSet",
  "kubernetes:apps/v1:DaemonSet",
  "kubernetes:batch/v1:Job",
  "kubernetes:batch/v1:CronJob",
] as const;
const types = ["kubernetes:core/v1:Pod", ...templated] as const;

function podOf(inputs: Inputs): Inputs {
  const spec = objectOf(inputs.spec);
  const job = objectOf(objectOf(spec.jobTemplate).spec);
  const template = objectOf(spec.template ?? job.template);
  return Object.keys(template).length > 0 ? objectOf(template.spec) : spec;
}

function containersOf(pod: Inputs): Inputs[] {
  return [...objectsOf(pod.initContainers), ...objectsOf(pod.containers)];
}

export const podsRestricted: Rule = {
  name: "pods-restricted",
  controls: ["k8s-pod-security-non-root", "verify-pod-security-context"],
  says: "Pods meet the Pod Security Standard 'restricted': not root, no privilege, nothing of the host; the log shipper alone reads the nodes' logs.",
  types: [...types],
  judge: (inputs, { type }) => {
    const pod = podOf(inputs);
    if (isShipper(type, inputs)) return shipperProblems(pod);
    return [...hostProblems(pod), ...containersOf(pod).flatMap((container) => privilegeProblems(container, pod))];
  },
};

function isShipper(type: string, { metadata }: Inputs): boolean {
  return type === "kubernetes:apps/v1:DaemonSet" && textOf(objectOf(metadata).name) === shipperName;
}

/** Root without a capability, who reads one folder of the node and writes its own: the rest of the standard holds. */
function shipperProblems(pod: Inputs): string[] {
  const volumes = objectsOf(pod.volumes);
  const folderOf = (volume: Inputs) => textOf(objectOf(volume.hostPath).path);
  const others = volumes.filter((volume) => ![nodeLogs, nodeOffsets].includes(folderOf(volume)));
  const logs = volumes.filter((volume) => folderOf(volume) === nodeLogs).map(({ name }) => name);
  const shared = objectOf(pod.securityContext);
  return [
    ...hostProblems({ ...pod, volumes: others }),
    ...containersOf(pod).flatMap((container) => {
      const securityContext = { ...objectOf(container.securityContext), runAsNonRoot: true, runAsUser: undefined };
      const written = objectsOf(container.volumeMounts).some(
        ({ name, readOnly }) => logs.includes(name) && readOnly !== true,
      );
      return [
        ...privilegeProblems(
          { ...container, securityContext },
          { ...pod, securityContext: { ...shared, runAsUser: undefined } },
        ),
        ...(written ? [`container ${textOf(container.name)} could write ${nodeLogs}`] : []),
      ];
    }),
  ];
}

function hostProblems(pod: Inputs): string[] {
  return [
    ...["hostNetwork", "hostPID", "hostIPC"].filter((name) => pod[name] === true).map((name) => `${name} is on`),
    ...objectsOf(pod.volumes)
      .filter(({ hostPath }) => hostPath !== undefined)
      .map(({ name }) => `volume ${textOf(name)} is a path of the host`),
    ...containersOf(pod)
      .filter(({ ports }) => objectsOf(ports).some(({ hostPort }) => hostPort !== undefined))
      .map(({ name }) => `container ${textOf(name)} takes a port of the host`),
  ];
}

function privilegeProblems({ name, securityContext }: Inputs, pod: Inputs): string[] {
  const own = objectOf(securityContext);
  const shared = objectOf(pod.securityContext);
  const seccomp = textOf(objectOf(own.seccompProfile ?? shared.seccompProfile).type);
  const { drop, add } = objectOf(own.capabilities);
  const problems = [
    ...(own.privileged === true ? ["privileged"] : []),
    ...(own.allowPrivilegeEscalation === false ? [] : ["allowPrivilegeEscalation is not off"]),
    ...((own.runAsNonRoot ?? shared.runAsNonRoot) === true ? [] : ["runAsNonRoot is not on"]),
    ...((own.runAsUser ?? shared.runAsUser) === 0 ? ["user 0"] : []),
    ...(textsOf(drop).includes("ALL") ? [] : ["capabilities are not all dropped"]),
    ...textsOf(add)
      .filter((capability) => capability !== "NET_BIND_SERVICE")
      .map((added) => `capability ${added}`),
    ...(seccomp === "RuntimeDefault" || seccomp === "Localhost" ? [] : ["no seccomp profile"]),
  ];
  return problems.map((problem) => `container ${textOf(name)}: ${problem}`);
}

export const containersLimited: Rule = {
  name: "containers-limited",
  controls: ["ns-resource-quota"],
  says: "Every container has a limit of memory and requests what it needs.",
  types: [...types],
  judge: (inputs) =>
    containersOf(podOf(inputs)).flatMap(({ name, resources }) => {
      const { limits, requests } = objectOf(resources);
      return [
        ...(objectOf(limits).memory ? [] : [`container ${textOf(name)}: no limit of memory`]),
        ...(objectOf(requests).cpu && objectOf(requests).memory
          ? []
          : [`container ${textOf(name)}: no requests of cpu and memory`]),
      ];
    }),
};

export const imagesByDigest: Rule = {
  name: "images-by-digest",
  controls: ["data-images-in-registry"],
  says: "A container runs exactly the image that was reviewed: by digest, not by a tag that can move.",
  types: [...types],
  judge: (inputs) =>
    containersOf(podOf(inputs))
      .filter(({ image }) => !/@sha256:[0-9a-f]{64}$/.test(textOf(image)))
      .map(({ name, image }) => `container ${textOf(name)}: ${textOf(image) || "no image"}`),
};

export const noSecretInEnvironment: Rule = {
  name: "no-secret-in-the-environment",
  controls: ["iam-no-static-credentials"],
  says: "No container is given a cloud credential in its environment.",
  types: [...types],
  judge: (inputs) =>
    containersOf(podOf(inputs)).flatMap(({ name, env }) =>
      listOf(env)
        .map((entry) => textOf(objectOf(entry).name))
        .filter((key) =>
          /^(?:AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|AZURE_CLIENT_SECRET|GOOGLE_CREDENTIALS)$/.test(
            key,
          ),
        )
        .map((key) => `container ${textOf(name)}: ${key}`),
    ),
};
