/** Errors on their way to the engine: a plain message, and for half-made objects what exists of them. */
import { createRequire } from "node:module";
import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import type { Any as AnyMessage } from "google-protobuf/google/protobuf/any_pb.js";
import { messageOf } from "../../../shared/errors.ts";
import type { State } from "./lifecycle.ts";
import { encode } from "./wire.ts";

const requireFromPulumi = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi"));
const { Any } = requireFromPulumi("google-protobuf/google/protobuf/any_pb.js") as { Any: new () => AnyMessage };

export function failure(error: unknown): Partial<ServiceError> {
  return { code: status.UNKNOWN, details: describe(error) };
}

/** The form in which the engine learns that the object exists all the same: pulumirpc.ErrorResourceInitFailed. */
export function initFailure(state: State, reasons: string[]): Partial<ServiceError> {
  const detail = new providerMessages.ErrorResourceInitFailed();
  detail.setId(state.id);
  detail.setProperties(encode(state.outputs));
  detail.setReasonsList(reasons);
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const message = new statusMessages.Status();
  message.setCode(status.UNKNOWN);
  message.setMessage(reasons.join("\n"));
  message.addDetails(packed);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(message.serializeBinary()));
  return { code: status.UNKNOWN, details: reasons.join("\n"), metadata };
}

/** SDK errors carry their kind in `name`, which says more than many of their messages. */
function describe(error: unknown): string {
  const message = messageOf(error);
  const name = error instanceof Error ? error.name : "Error";
  return name === "Error" || name === "UserError" || message.startsWith(name) ? message : `${name}: ${message}`;
}
