/**
 * The engine's side of a package: Pulumi's ResourceProvider service over gRPC on a loopback port. Pulumi's own helper
 * (`pulumi.provider.main`) is not used, since it throws away what Configure says: no region or cluster would arrive.
 */
import { type handleUnaryCall, Server, ServerCredentials, type UntypedHandleCall } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { failure } from "./failures.ts";
import { operations } from "./operations.ts";
import type { Package } from "./resource.ts";

export interface ServedPackage {
  port: number;
  close(): void;
}

export async function serve(pkg: Package): Promise<ServedPackage> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const ended = new AbortController();
  const { unary, cancel } = operations(pkg, ended.signal);
  server.addService(
    ResourceProviderService,
    Object.fromEntries(Object.entries(unary).map(([name, answer]) => [name, handler(answer)])),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    close() {
      cancel();
      ended.abort();
      server.forceShutdown();
    },
  };
}

function handler(answer: (request: never) => Promise<object>): UntypedHandleCall {
  const handle: handleUnaryCall<object, object> = (call, reply) => {
    // grpc-js has read the request as the very message that this RPC takes.
    answer(call.request as never).then(
      (response) => reply(null, response),
      (error: unknown) => reply(isReply(error) ? error : failure(error)),
    );
  };
  return handle;
}

/** An answer that is an error by design, already in the wire's form. */
function isReply(error: unknown): error is { code: number; details: string } {
  return typeof error === "object" && error !== null && !(error instanceof Error) && "code" in error;
}
