/** What the actions service serves. Methods that are not here answer "unimplemented". */
import type { ConnectRouter } from "@connectrpc/connect";
import { AppDirectoryService } from "../../../gen/biplane/apps/v1/apps_pb.js";
import { ProjectDirectoryService } from "../../../gen/biplane/projects/v1/projects_pb.js";
import { ExecutorQueueService } from "../../../gen/biplane/queue/v1/queue_pb.js";
import { ActionsService } from "../../../gen/flyteidl2/actions/actions_service_pb.js";
import { QueueService } from "../../../gen/flyteidl2/workflow/queue_service_pb.js";
import { StateService } from "../../../gen/flyteidl2/workflow/state_service_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { invalid } from "../../shared/errors.ts";
import { appDirectoryService } from "../apps/directory.ts";
import { actionKeyOf, runKeyOf } from "../runs/identifiers.ts";
import { answerOfLiteral, signal } from "../runs/signal.ts";
import { rootAction } from "../store/keys.ts";
import { type ActionsDeps, abort, enqueue, watchChildren } from "./children.ts";
import { executorQueueService } from "./executor-queue.ts";
import { projectDirectoryService } from "./project-directory.ts";

/** Pods use ActionsService, or Queue and State together; the executor its own. All see the same actions. */
export function actionsRoutes(deps: ActionsDeps) {
  return (router: ConnectRouter) => {
    router.service(ExecutorQueueService, executorQueueService(deps));
    router.service(ProjectDirectoryService, projectDirectoryService(deps));
    router.service(AppDirectoryService, appDirectoryService(deps));
    router.service(ActionsService, {
      async enqueue({ action }, context) {
        if (!action) throw invalid({ subject: "action", allowed: "an action" });
        await enqueue(deps, callerOf(context), action);
        return {};
      },
      async *watchForUpdates({ filter }, context) {
        const caller = callerOf(context);
        yield* watchChildren(deps, caller, actionKeyOf(caller, filter.value, "parent_action_id"), context.signal);
      },
      async abort({ actionId, reason }, context) {
        const caller = callerOf(context);
        await abort(deps, caller, actionKeyOf(caller, actionId), reason);
        return {};
      },
      async signal({ actionId, parentActionName, value }, context) {
        const caller = callerOf(context);
        const key = actionKeyOf(caller, actionId);
        await signal(deps.database, caller, key, parentActionName, answerOfLiteral(value));
        return {};
      },
    });
    router.service(QueueService, {
      async enqueueAction(request, context) {
        await enqueue(deps, callerOf(context), request);
        return {};
      },
      async abortQueuedAction({ actionId, reason }, context) {
        const caller = callerOf(context);
        await abort(deps, caller, actionKeyOf(caller, actionId), reason);
        return {};
      },
      async abortQueuedRun({ runId, reason }, context) {
        const caller = callerOf(context);
        await abort(deps, caller, { ...runKeyOf(caller, runId), action: rootAction }, reason);
        return {};
      },
    });
    router.service(StateService, {
      async *watch({ filter }, context) {
        const caller = callerOf(context);
        yield* watchChildren(deps, caller, actionKeyOf(caller, filter.value, "parent_action_id"), context.signal);
      },
    });
  };
}
