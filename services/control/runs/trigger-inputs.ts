/** Inputs of triggers that arrive with the trigger itself: put into the customer's store, since nothing is kept here. */
import { createClient, type Transport } from "@connectrpc/connect";
import type { OffloadedInputData } from "../../../gen/flyteidl2/common/run_pb.js";
import { DataProxyService } from "../../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import type { Inputs } from "../../../gen/flyteidl2/task/common_pb.js";
import type { TaskSpec } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import { type Caller, forwardToken } from "../../shared/auth/caller.ts";
import { unaryCall } from "../../shared/client.ts";
import type { ProjectKey } from "../store/keys.ts";

export interface TriggerInputs {
  /**
   * With the caller's own token, through the relay: what a client does that uploads them itself.
   * @throws failed_precondition: no compute plane of the organisation is connected.
   */
  put(
    caller: Caller,
    place: ProjectKey,
    spec: TaskSpec,
    inputs: Inputs,
    signal: AbortSignal,
  ): Promise<OffloadedInputData>;
}

export function triggerInputs(dataproxy: Transport): TriggerInputs {
  const client = createClient(DataProxyService, dataproxy);
  return {
    async put(caller, { project, domain }, spec, inputs, signal) {
      const { offloadedInputData } = await client.uploadInputs(
        {
          id: { case: "projectId", value: { organization: caller.org, name: project, domain } },
          task: { case: "taskSpec", value: spec },
          inputs,
        },
        { ...unaryCall, headers: forwardToken(caller), signal },
      );
      if (!offloadedInputData) throw new Error("inputs were uploaded to nowhere");
      return offloadedInputData;
    },
  };
}
