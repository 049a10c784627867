/** A Knative Service from an app's specification alone: no clock, no cluster. The same app is the same Service. */
import { createHash } from "node:crypto";
import { loadYaml, type V1Container, type V1Pod, type V1Volume } from "@kubernetes/client-node";
import { Spec_DesiredState as Desired, type Spec } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import type { Container, K8sPod } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { InvalidTaskError } from "../executor/invalid-task.ts";
import { appEnvironment, home, workspace } from "../executor/pod-environment.ts";
import { restrictContainer, taskUser } from "../executor/pod-security.ts";
import { clampContainer, type ResourceRules, wishesOf } from "../executor/resources.ts";
import { secretAnnotations } from "../executor/secret-wishes.ts";
import { givenAnnotation, wishesAnnotation } from "../secrets/wishes.ts";
import { annotations, type KnativeService, labels, manager, servingApi } from "./knative.ts";
import { scalingAnnotations } from "./scaling.ts";

export interface AppSettings {
  org: string;
  controlPlaneHost: string;
  /** Secret in the project's namespace that holds the pod's API key, under `api-key`. */
  eagerSecret: string;
  /** Where apps may write data: `<scheme>://<metadata bucket>`. */
  dataRoot: string;
  resources: ResourceRules;
  /** Namespaces of the projects that this cluster serves. */
  namespaces: ReadonlySet<string>;
}

export interface DesiredApp {
  org: string;
  project: string;
  domain: string;
  name: string;
  uid: string;
  revision: bigint;
  host: string;
  spec: Spec;
}

/** Of an app whose author sets none: as Knative's own. */
const defaultTimeoutSeconds = 300;
/** The container whose port is the app's; the client's own name for it. */
export const appContainer = "app";

export function namespaceOf({ project, domain }: Pick<DesiredApp, "project" | "domain">): string {
  return `${project}-${domain}`;
}

export function isStopped({ spec }: DesiredApp): boolean {
  return spec.desiredState === Desired.STOPPED;
}

/** @throws InvalidTaskError, in words for the app's author, when this cluster must not or cannot serve it. */
export function planService(app: DesiredApp, settings: AppSettings): KnativeService {
  const service = unmarked(app, settings);
  const hash = createHash("sha256").update(JSON.stringify(service)).digest("hex").slice(0, 32);
  const marked = { ...service.metadata.annotations, [annotations.plan]: hash };
  return { ...service, metadata: { ...service.metadata, annotations: marked } };
}

function unmarked(app: DesiredApp, settings: AppSettings): KnativeService {
  checkPlace(app, settings);
  const { containers, volumes, metadata } = wishedPod(app.spec);
  const shipped = containers.some(({ args, command }) =>
    [...(command ?? []), ...(args ?? [])].some((arg) => arg === "--tgz" || arg === "--pkl"),
  );
  const seconds = Number(app.spec.timeouts?.requestTimeout?.seconds ?? 0n);
  const own = {
    [labels.managedBy]: manager,
    [labels.org]: app.org,
    [labels.project]: app.project,
    [labels.domain]: app.domain,
    [labels.app]: app.name,
  };
  return {
    apiVersion: `${servingApi.group}/${servingApi.version}`,
    kind: "Service",
    metadata: {
      name: app.name,
      namespace: namespaceOf(app),
      labels: own,
      annotations: {
        [annotations.uid]: app.uid,
        [annotations.revision]: String(app.revision),
        [annotations.host]: app.host,
        [annotations.anonymous]: String(app.spec.securityContext?.allowAnonymous ?? false),
      },
    },
    spec: {
      template: {
        metadata: {
          labels: { ...metadata.labels, ...own },
          annotations: {
            ...metadata.annotations,
            ...scalingAnnotations(app.spec.autoscaling),
            ...secretAnnotations(app.spec.securityContext?.secrets ?? []),
          },
        },
        spec: {
          // The namespace's own account carries the cloud role; its token is never mounted.
          serviceAccountName: "default",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          timeoutSeconds: seconds || defaultTimeoutSeconds,
          containers: containers.map((container) => complete(container, app, shipped, settings)),
          volumes: [
            ...volumes,
            { name: "tmp", emptyDir: {} },
            { name: "home", emptyDir: {} },
            ...(shipped ? [{ name: "workspace", emptyDir: {} }] : []),
          ],
        },
      },
    },
  };
}

/** What comes from the control plane is doubted. */
function checkPlace(app: DesiredApp, { org, namespaces }: AppSettings): void {
  if (app.org !== org) throw new InvalidTaskError(`this cluster serves no apps of organisation "${app.org}"`);
  if (!namespaces.has(namespaceOf(app))) {
    const served = [...namespaces].sort().join(", ");
    throw new InvalidTaskError(
      `project/domain ${app.project}/${app.domain} is not served by this cluster; its namespaces are: ${served}`,
    );
  }
  if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(app.name)) {
    throw new InvalidTaskError(`the app's name "${app.name}" is not up to 63 of a-z, 0-9 and "-"`);
  }
}

function complete(container: V1Container, app: DesiredApp, shipped: boolean, settings: AppSettings): V1Container {
  const isApp = container.name === appContainer;
  const mounts = [
    { name: "tmp", mountPath: "/tmp" },
    { name: "home", mountPath: home },
    ...(shipped ? [{ name: "workspace", mountPath: workspace }] : []),
  ];
  const taken = new Set(container.volumeMounts?.map(({ mountPath }) => mountPath));
  const filled = (texts: string[]) => texts.map((text) => text.replace(rawData, () => dataPrefix(app, settings)));
  const restricted = restrictContainer({
    imagePullPolicy: "IfNotPresent",
    ...container,
    ...(container.command && { command: filled(container.command) }),
    ...(container.args && { args: filled(container.args) }),
    ...(shipped && isApp && !container.workingDir ? { workingDir: workspace } : {}),
    ...(isApp ? { env: appEnvironment({ ...settings, ...app, app: container.env ?? [] }) } : {}),
    resources: clampContainer(container, settings.resources),
    volumeMounts: [...(container.volumeMounts ?? []), ...mounts.filter(({ mountPath }) => !taken.has(mountPath))],
  });
  // Of the pod itself Knative takes no security context.
  const asPod = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
  const user = { runAsUser: taskUser, runAsGroup: taskUser, ...restricted.securityContext };
  return { ...restricted, securityContext: { ...user, ...asPod } };
}

const rawData = /\{\{\s*\.rawOutputDataPrefix\s*\}\}/gi;

/** Beneath the project's own prefix, to which its role is bound. Alike for each revision, or each would be other pods. */
function dataPrefix({ org, project, domain, name }: DesiredApp, { dataRoot }: AppSettings): string {
  return `${dataRoot}/${org}/${project}/${domain}/apps/${name}`;
}

interface WishedPod {
  containers: V1Container[];
  volumes: V1Volume[];
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
}

function wishedPod({ appPayload }: Spec): WishedPod {
  switch (appPayload.case) {
    case "container":
      return { containers: [containerOf(appPayload.value)], volumes: [], metadata: { labels: {}, annotations: {} } };
    case "pod":
      return authoredPod(appPayload.value);
    default:
      throw new InvalidTaskError("the app has neither a container nor a pod");
  }
}

function containerOf({ image, command, args, env, ports, resources }: Container): V1Container {
  return {
    name: appContainer,
    image,
    ...(command.length > 0 ? { command } : {}),
    args,
    env: env.map(({ key, value }) => ({ name: key, value })),
    ports: ports.map(({ containerPort, name }) => ({ containerPort, ...(name ? { name } : {}) })),
    resources: wishesOf(resources),
  };
}

function authoredPod(pod: K8sPod): WishedPod {
  // JSON is YAML: the library's reader turns the template's plain object into its own types.
  const { spec } = loadYaml<V1Pod>(JSON.stringify({ apiVersion: "v1", kind: "Pod", spec: pod.podSpec ?? {} }));
  const { containers = [], volumes = [], ...rest } = spec ?? {};
  // Of what else a pod can say Knative takes nothing, and what it would leave out must not look as if it held.
  const others = Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (others.length > 0) {
    throw new InvalidTaskError(`the app's pod has ${others.sort().join(", ")}; allowed are containers and volumes`);
  }
  if (!containers.some(({ name }) => name === appContainer)) {
    const names = containers.map(({ name }) => name).join(", ") || "none";
    throw new InvalidTaskError(`the app's pod has no container "${appContainer}"; it has: ${names}`);
  }
  const { labels: own = {}, annotations: all = {} } = pod.metadata ?? {};
  const reserved = (name: string) =>
    name === wishesAnnotation || name === givenAnnotation || /^(autoscaling|serving)\.knative\.dev\//.test(name);
  const notes = Object.entries(all).filter(([name]) => !reserved(name));
  return { containers, volumes, metadata: { labels: own, annotations: Object.fromEntries(notes) } };
}
