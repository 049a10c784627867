/** A task's pod, from its TaskAction and template alone: no clock, no cluster. */
import { loadYaml, type V1Container, type V1Pod, type V1PodSpec, type V1Volume } from "@kubernetes/client-node";
import type { Container, K8sPod, TaskTemplate } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { givenAnnotation, wishesAnnotation } from "../secrets/wishes.ts";
import { type BuildSettings, buildContainer, isBuildTask } from "./build-task.ts";
import type { CloudPods } from "./cloud-pods.ts";
import { InvalidTaskError } from "./invalid-task.ts";
import { home, podEnvironment, workspace } from "./pod-environment.ts";
import { restrict } from "./pod-security.ts";
import { clampContainer, type ResourceRules, wishesOf } from "./resources.ts";
import { secretAnnotations } from "./secret-wishes.ts";
import { annotations, labels, manager, type TaskAction, taskActionApi } from "./task-action.ts";
import { fillTemplate, templateValues } from "./template-args.ts";

export interface PodSettings {
  org: string;
  controlPlaneHost: string;
  eagerSecret: string;
  resources: ResourceRules;
  /** What builds images, and with what program its task does. @default nothing */
  builds?: BuildSettings;
  /** @default what no cloud asks for */
  cloud?: CloudPods;
}

/** @returns `<run>-<action>-<attempt from 0>`, in the TaskAction's namespace. */
export function podName(actionName: string, attempt: number): string {
  return `${actionName}-${attempt - 1}`;
}

/** @throws InvalidTaskError when the template cannot be run as a pod. */
export function buildPod(action: TaskAction, template: TaskTemplate, attempt: number, settings: PodSettings): V1Pod {
  const { containers, primary, rest, metadata } = wishedPod(template, settings);
  const { spec } = action;
  const runStartTime = action.metadata.annotations?.[annotations.runStartTime];
  const place = { ...spec, attempt, ...(runStartTime === undefined ? {} : { runStartTime }) };
  const values = templateValues(place);
  const shipped = containers.some(({ args }) => args?.some((arg) => arg === "--tgz" || arg === "--pkl"));
  const shared = template.extendedResources?.sharedMemory;

  const complete = (container: V1Container): V1Container => {
    const isPrimary = container.name === primary;
    const mounts = [
      { name: "tmp", mountPath: "/tmp" },
      { name: "home", mountPath: home },
      ...(shipped ? [{ name: "workspace", mountPath: workspace }] : []),
      ...(shared && isPrimary ? [{ name: "shared-memory", mountPath: shared.mountPath || "/dev/shm" }] : []),
    ];
    const taken = new Set(container.volumeMounts?.map(({ mountPath }) => mountPath));
    return {
      imagePullPolicy: "IfNotPresent",
      ...container,
      ...(container.command && { command: container.command.map((text) => fillTemplate(text, values)) }),
      ...(container.args && { args: container.args.map((text) => fillTemplate(text, values)) }),
      // Shipped code is unpacked into the working directory, and an image's own belongs to whoever built it.
      ...(shipped && isPrimary && !container.workingDir ? { workingDir: workspace } : {}),
      ...(isPrimary ? { env: podEnvironment(environmentArgs(action, container, attempt, settings)) } : {}),
      resources: clampContainer(container, settings.resources),
      volumeMounts: [...(container.volumeMounts ?? []), ...mounts.filter(({ mountPath }) => !taken.has(mountPath))],
    };
  };

  const scratch: V1Volume[] = [
    { name: "tmp", emptyDir: {} },
    { name: "home", emptyDir: {} },
    ...(shipped ? [{ name: "workspace", emptyDir: {} }] : []),
    ...(shared ? [sharedMemory(shared.sizeLimit)] : []),
  ];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(nameOf(action), attempt),
      namespace: action.metadata.namespace,
      labels: { ...metadata.labels, ...podLabels(action, template, attempt), ...settings.cloud?.labels },
      annotations: {
        ...metadata.annotations,
        [annotations.primaryContainer]: primary,
        ...secretAnnotations(template.securityContext?.secrets ?? []),
      },
      ownerReferences: [ownerReference(action)],
    },
    spec: restrict({
      // An abort waits this long at most: the client's runtime is process 1 and does not heed SIGTERM.
      terminationGracePeriodSeconds: 10,
      ...rest,
      volumes: [...(rest.volumes ?? []), ...scratch],
      containers: containers.map(complete),
    }),
  };
}

/** Makes Kubernetes delete the dependant with the TaskAction: an abort is one deletion. */
export function ownerReference(action: TaskAction) {
  return {
    apiVersion: `${taskActionApi.group}/${taskActionApi.version}`,
    kind: taskActionApi.kind,
    name: nameOf(action),
    uid: action.metadata.uid ?? "",
    blockOwnerDeletion: true,
  };
}

interface WishedPod {
  containers: V1Container[];
  /** Name of the container whose end is the task's. */
  primary: string;
  rest: Omit<V1PodSpec, "containers">;
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
}

function wishedPod(template: TaskTemplate, { builds }: PodSettings): WishedPod {
  if (isBuildTask(template)) {
    const { container, volume } = buildContainer(builds);
    const metadata = { labels: {}, annotations: {} };
    return { containers: [container], primary: container.name, rest: { volumes: [volume] }, metadata };
  }
  switch (template.target.case) {
    case "container":
      return containerPod(template.target.value);
    case "k8sPod":
      return authoredPod(template.target.value, template.config.primary_container_name);
    default:
      throw new InvalidTaskError(
        `task type "${template.type}" has ${template.target.case ?? "no"} target; this cluster runs containers and pods`,
      );
  }
}

function containerPod(container: Container): WishedPod {
  const primary: V1Container = {
    name: "main",
    image: container.image,
    args: container.args,
    env: container.env.map(({ key, value }) => ({ name: key, value })),
    resources: wishesOf(container.resources),
  };
  if (container.command.length > 0) primary.command = container.command;
  return { containers: [primary], primary: "main", rest: {}, metadata: { labels: {}, annotations: {} } };
}

function authoredPod(pod: K8sPod, configured: string | undefined): WishedPod {
  const primary = pod.primaryContainerName || configured;
  // JSON is YAML: the library's reader turns the template's plain object into its own types.
  const { spec } = loadYaml<V1Pod>(JSON.stringify({ apiVersion: "v1", kind: "Pod", spec: pod.podSpec ?? {} }));
  const { containers = [], ...rest } = spec ?? {};
  if (!primary || !containers.some(({ name }) => name === primary)) {
    const names = containers.map(({ name }) => name).join(", ") || "none";
    throw new InvalidTaskError(
      `the pod template's primary container is "${primary ?? ""}"; it has: ${names}`,
      "PrimaryContainerNotFound",
    );
  }
  const { labels: own = {}, annotations: all = {} } = pod.metadata ?? {};
  // What a pod asks for is said by the task's own secrets, which are checked here.
  const notes = Object.entries(all).filter(([name]) => name !== wishesAnnotation && name !== givenAnnotation);
  return { containers, primary, rest, metadata: { labels: own, annotations: Object.fromEntries(notes) } };
}

function environmentArgs(action: TaskAction, container: V1Container, attempt: number, settings: PodSettings) {
  const { runName, actionName, project, domain, runOutputBase, envVars } = action.spec;
  const { org, controlPlaneHost, eagerSecret, cloud } = settings;
  const identity = { org, project, domain, runName, actionName, runOutputBase, attempt, controlPlaneHost, eagerSecret };
  return { ...identity, cloud: cloud?.environment ?? {}, run: envVars ?? {}, task: container.env ?? [] };
}

function sharedMemory(sizeLimit: string): V1Volume {
  return { name: "shared-memory", emptyDir: { medium: "Memory", ...(sizeLimit ? { sizeLimit } : {}) } };
}

function podLabels(action: TaskAction, template: TaskTemplate, attempt: number): Record<string, string> {
  const { runName, actionName, project, domain } = action.spec;
  return {
    run: runName,
    action: actionName,
    attempt: String(attempt),
    "task-name": labelValue(template.id?.name ?? action.spec.shortName ?? ""),
    [labels.org]: action.metadata.labels?.[labels.org] ?? "",
    [labels.project]: project,
    [labels.domain]: domain,
    [labels.run]: runName,
    [labels.action]: actionName,
    [labels.managedBy]: manager,
  };
}

/** Cut to what a label may hold; display only, never read back. */
export function labelValue(text: string): string {
  return text
    .replace(/[^A-Za-z0-9_.-]/g, "_")
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

function nameOf(action: TaskAction): string {
  return action.metadata.name ?? "";
}
