/** What the control plane knows about an action's data: addresses, never contents. Asked with the caller's own token. */
import { createClient, type Transport } from "@connectrpc/connect";
import { ActionDataKind } from "../../../gen/biplane/actiondata/v1/action_data_pb.js";
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

interface DataUris {
  /** As they are recorded: empty, a folder or an object. */
  inputsUri: string;
  outputsUri: string;
  /** What lies there. */
  objects: { inputs: string | undefined; outputs: string | undefined };
}

export interface ActionAddresses {
  dataUris(caller: Caller, actionId: ActionIdentifier): Promise<DataUris>;
  /** @throws not_found where the action has none, as outputs of one that has not succeeded. */
  dataUri(caller: Caller, actionId: ActionIdentifier, kind: ActionDataKind): Promise<string>;
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
  const dataUris = async (caller: Caller, actionId: ActionIdentifier): Promise<DataUris> => {
    const { inputsUri, outputsUri } = await runs.getActionDataURIs({ actionId }, as(caller));
    const objects = { inputs: objectIn(inputsUri, "inputs.pb"), outputs: objectIn(outputsUri, "outputs.pb") };
    return { inputsUri, outputsUri, objects };
  };
  return {
    dataUris,
    async dataUri(caller, actionId, kind) {
      if (kind === ActionDataKind.UNSPECIFIED || ActionDataKind[kind] === undefined) {
        throw invalid({ subject: "kind", value: kind, allowed: "INPUTS or OUTPUTS" });
      }
      const { objects } = await dataUris(caller, actionId);
      return kind === ActionDataKind.INPUTS
        ? found(objects.inputs, "inputs of this action")
        : found(objects.outputs, "outputs of this action");
    },
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

/** The control plane records folders for some data and objects for other. */
function objectIn(uri: string, name: string): string | undefined {
  if (uri === "") return undefined;
  return uri.endsWith(".pb") ? uri : `${uri.replace(/\/$/, "")}/${name}`;
}

export function required<T>(value: T | undefined): T {
  if (value === undefined) throw invalid({ subject: "action_id", allowed: "a full action identifier" });
  return value;
}

function found(uri: string | undefined, what: string): string {
  if (!uri) throw notFound(what);
  return uri;
}
