/** A leased action as a TaskAction: pure, and the place where what comes from the control plane is doubted. */
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { LeasedAction } from "../../../gen/biplane/queue/v1/queue_pb.js";
import { InvalidTaskError } from "./invalid-task.ts";
import { ownerReference } from "./pod.ts";
import { annotations, finalizer, labels, manager, type TaskAction, taskActionApi } from "./task-action.ts";

export interface RenderRules {
  org: string;
  /** Namespaces of the projects that this cluster serves. */
  namespaces: ReadonlySet<string>;
}

/** @returns `<project>-<domain>`. */
export function namespaceOf({ project, domain }: { project: string; domain: string }): string {
  return `${project}-${domain}`;
}

/** @returns `<run>-<action>`: at most 61 characters, so that `-<attempt>` still makes a host name. */
export function actionNameOf({ run, action }: { run: string; action: string }): string {
  return `${run}-${action}`;
}

/** @throws InvalidTaskError, in words for the run's author, when this cluster must not or cannot run it. */
function checkLeased(leased: LeasedAction, rules: RenderRules): void {
  const { key, org } = leased;
  if (org !== rules.org) throw new InvalidTaskError(`this cluster does not run actions of organisation "${org}"`);
  if (!key || !rules.namespaces.has(namespaceOf(key))) {
    const asked = key ? `${key.project}/${key.domain}` : "none";
    const served = [...rules.namespaces].sort().join(", ");
    throw new InvalidTaskError(`project/domain ${asked} is not served by this cluster; its namespaces are: ${served}`);
  }
  for (const [what, name] of [
    ["run", key.run],
    ["action", key.action],
  ] as const) {
    if (!/^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$/.test(name)) {
      throw new InvalidTaskError(`the ${what}'s name "${name}" is not up to 30 of a-z, 0-9 and "-"`);
    }
  }
  const base = /^(?:s3|gs|abfs):\/\/[^/]+\/(.+)$/.exec(leased.runOutputBase)?.[1];
  const own = `${org}/${key.project}/${key.domain}/${key.run}`;
  if (base !== own)
    throw new InvalidTaskError(`outputs must go beneath ${own} of a bucket, not to ${leased.runOutputBase}`);
}

/** @param parent the TaskAction of the action that enqueued this one: Kubernetes deletes children with it. */
export function renderAction(leased: LeasedAction, rules: RenderRules, parent?: TaskAction): TaskAction {
  checkLeased(leased, rules);
  const key = leased.key ?? { project: "", domain: "", run: "", action: "" };
  const started = leased.runStartTime;
  const optional = {
    parentActionName: leased.parentAction,
    shortName: leased.shortName,
    cacheKey: leased.cacheKey,
    group: leased.group,
  };
  return {
    apiVersion: `${taskActionApi.group}/${taskActionApi.version}`,
    kind: taskActionApi.kind,
    metadata: {
      name: actionNameOf(key),
      namespace: namespaceOf(key),
      finalizers: [finalizer],
      labels: {
        [labels.org]: leased.org,
        [labels.project]: key.project,
        [labels.domain]: key.domain,
        [labels.run]: key.run,
        [labels.action]: key.action,
        [labels.actionType]: "task",
        [labels.isRoot]: String(leased.parentAction === ""),
        [labels.managedBy]: manager,
      },
      // Whole seconds: the client hashes this text into the names of children.
      ...(started
        ? {
            annotations: {
              [annotations.runStartTime]: timestampDate(started)
                .toISOString()
                .replace(/\.\d+Z$/, "Z"),
            },
          }
        : {}),
      ...(parent ? { ownerReferences: [ownerReference(parent)] } : {}),
    },
    spec: {
      runName: key.run,
      project: key.project,
      domain: key.domain,
      actionName: key.action,
      actionType: "task",
      taskType: leased.taskType || "python",
      taskTemplate: Buffer.from(leased.taskTemplate).toString("base64"),
      inputUri: leased.inputUri,
      runOutputBase: leased.runOutputBase,
      interruptible: leased.interruptible,
      ...(Object.keys(leased.env).length > 0 ? { envVars: leased.env } : {}),
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== "")),
    },
  };
}
