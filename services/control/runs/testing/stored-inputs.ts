/** For tests without a compute plane: as if one had taken the inputs that come with a trigger. */
import { create } from "@bufbuild/protobuf";
import { OffloadedInputDataSchema } from "../../../../gen/flyteidl2/common/run_pb.js";
import type { TriggerInputs } from "../trigger-inputs.ts";

export const storedInputs: TriggerInputs = {
  async put({ org }, { project, domain }) {
    const uri = `s3://metadata/${org}/${project}/${domain}/inputs/inline`;
    return create(OffloadedInputDataSchema, { uri, inputsHash: "inline" });
  },
};
