/** What the control plane knows about an action's data: addresses, never contents. Asked with the caller's own token. */
import { createClient, type Transport } from "@connectrpc/connect";
import type { ActionAttemptIdentifier, ActionIdentifier } from "../../../gen/flyteidl2/common/identifier_pb.js";
import { CatalogCacheStatus } from "../../../gen/flyteidl2/core/catalog_pb.js";
import { ArtifactType, type UploadInputsRequest } from "../../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import type { TaskSpec } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import { TaskService } from "../../../gen/flyteidl2/task/task_service_pb.js";
import { TriggerService } from "../../../gen/flyteidl2/trigger/trigger_service_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { type Caller, forwardToken } from "../../shared/auth/caller.ts";
import { unaryCall } from "../../shared/client.ts";
import { invalid, notFound } from "../../shared/errors.ts";

export interface ActionAddresses {
  dataUris(caller: Caller, actionId: ActionIdentifier): Promise<{ inputsUri: string; outputsUri: string }>;
  /** @throws not_found where the attempt has no such artifact. */
  artifactUri(caller: Caller, attempt: ActionAttemptIdentifier, type: ArtifactType): Promise<string>;
  /** Whether the action ended by a cached result, so that nothing ran. */
  fromCache(caller: Caller, actionId: ActionIdentifier): Promise<boolean>;
  /** Names of inputs that do not count for caching. */
  ignoredInputs(caller: Caller, task: UploadInputsRequest["task"]): Promise<readonly string[]>;
}

export function actionAddresses(runsTransport: Transport): ActionAddresses {
  const runs = createClient(RunService, runsTransport);
  const tasks = createClient(TaskService, runsTransport);
  const triggers = createClient(TriggerService, runsTransport);
  const as = (caller: Caller) => ({ ...unaryCall, headers: forwardToken(caller) });
  return {
    dataUris: (caller, actionId) => runs.getActionDataURIs({ actionId }, as(caller)),
    async artifactUri(caller, { actionId, attempt }, type) {
      const { details } = await runs.getActionDetails({ actionId: required(actionId) }, as(caller));
      if (type === ArtifactType.REPORT) {
        const wanted = details?.attempts.find((one) => one.attempt === attempt) ?? details?.attempts.at(-1);
        return found(wanted?.outputs?.reportUri, "a report of this attempt");
      }
      if (type !== ArtifactType.CODE_BUNDLE) {
        throw invalid({ subject: "artifact_type", value: type, allowed: "REPORT or CODE_BUNDLE" });
      }
      const template = details?.spec.case === "task" ? details.spec.value.taskTemplate : undefined;
      return found(template?.metadata?.codeBundleUri, "a code bundle of this action");
    },
    async fromCache(caller, actionId) {
      const { details } = await runs.getActionDetails({ actionId }, as(caller));
      return details?.status?.cacheStatus === CatalogCacheStatus.CACHE_HIT;
    },
    async ignoredInputs(caller, task) {
      if (task.case === "taskSpec") return ignoredBy(task.value);
      if (task.case === "taskId") {
        const { details } = await tasks.getTaskDetails({ taskId: task.value }, as(caller));
        return ignoredBy(details?.spec);
      }
      if (task.case === "triggerName") {
        const { trigger } = await triggers.getTriggerDetails({ name: task.value }, as(caller));
        const { org, project, domain, taskName: name } = task.value;
        const taskId = { org, project, domain, name, version: trigger?.spec?.taskVersion ?? "" };
        return ignoredBy((await tasks.getTaskDetails({ taskId }, as(caller))).details?.spec);
      }
      throw invalid({ subject: "task", allowed: "task_id, task_spec or trigger_name" });
    },
  };
}

function ignoredBy(spec: TaskSpec | undefined): readonly string[] {
  return spec?.taskTemplate?.metadata?.cacheIgnoreInputVars ?? [];
}

export function required<T>(value: T | undefined): T {
  if (value === undefined) throw invalid({ subject: "action_id", allowed: "a full action identifier" });
  return value;
}

function found(uri: string | undefined, what: string): string {
  if (!uri) throw notFound(what);
  return uri;
}
