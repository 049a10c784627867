/** What Pulumi's SDK keeps and tells for whoever looks for a fault in it, and which is most of what a small preview takes. */
import { Resource, runtime } from "@pulumi/pulumi";
import engineMessages, { type LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";

/** Left out unless Pulumi's own switch for looking at promises, PULUMI_DEBUG_PROMISE_LEAKS, brings all of it back. */
export function spareDebugging(): void {
  if (process.env.PULUMI_DEBUG_PROMISE_LEAKS) return;
  // The SDK keeps a stack for each of thousands of promises: written out whole, they are a third of a large preview.
  // One frame says where an error was thrown.
  // These files run as they are written, so the look-up of source maps that Pulumi's entry puts before each frame finds none.
  Error.stackTraceLimit = 1;
  Reflect.deleteProperty(Error, "prepareStackTrace");
  dropSourcePositions();
  const engine = runtime.getEngine();
  if (engine) dropDebugMessages(engine);
}

/**
 * The SDK (3.210) takes a whole stack for each resource, and the engine writes all of them into the state at each step: a
 * quarter of it, of places on the machine that ran the program, which of ECMAScript modules come out as paths to nowhere.
 */
export function dropSourcePositions(): void {
  Object.assign(Resource, { stackTrace: () => [] });
}

type Engine = NonNullable<ReturnType<typeof runtime.getEngine>>;

/**
 * Each resource has three or four, which the SDK sends one after the other, each as a call of its own, and waits for at the
 * end; the engine then drops them all the same unless it was started with `--debug`.
 */
export function dropDebugMessages(engine: Pick<Engine, "log">): void {
  engine.log = new Proxy(engine.log, {
    apply(send, self, given: Parameters<Engine["log"]>) {
      const request: LogRequest = given[0];
      if (request.getSeverity() !== engineMessages.LogSeverity.DEBUG) return Reflect.apply(send, self, given);
      const answer = given.at(-1);
      if (typeof answer === "function") Reflect.apply(answer, undefined, [null]);
    },
  });
}
