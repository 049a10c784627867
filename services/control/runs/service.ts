/** What the runs service serves. Methods that are not here answer "unimplemented". */
import type { ConnectRouter } from "@connectrpc/connect";
import { AppService } from "../../../gen/flyteidl2/app/app_service_pb.js";
import { ProjectService } from "../../../gen/flyteidl2/project/project_service_pb.js";
import { TaskService } from "../../../gen/flyteidl2/task/task_service_pb.js";
import { TriggerService } from "../../../gen/flyteidl2/trigger/trigger_service_pb.js";
import { RunService } from "../../../gen/flyteidl2/workflow/run_service_pb.js";
import { appService } from "../apps/service.ts";
import { projectService } from "./project-service.ts";
import { type RunsDeps, runService } from "./run-service.ts";
import { taskService } from "./task-service.ts";
import { triggerService } from "./trigger-service.ts";

export function runsRoutes(deps: RunsDeps) {
  return (router: ConnectRouter) => {
    router.service(RunService, runService(deps));
    router.service(TaskService, taskService(deps));
    router.service(ProjectService, projectService(deps));
    router.service(TriggerService, triggerService(deps));
    router.service(AppService, appService(deps));
  };
}
