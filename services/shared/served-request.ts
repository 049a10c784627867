/** What is known of the request that is being served, to whatever is done for it, however deep. */
import { AsyncLocalStorage } from "node:async_hooks";
import { renderTraceparent, type TraceContext } from "./trace-context.ts";

export interface ServedRequest {
  /** Connect's word for how it is answered, such as "not_found", once that is known. */
  code: string | undefined;
  /** @default it is in none */
  trace: TraceContext | undefined;
}

const requests = new AsyncLocalStorage<ServedRequest>();

export const whileServing = <T>(request: ServedRequest, work: () => T): T => requests.run(request, work);

/** @returns undefined outside of any request, as in what a service does by itself. */
export const servedRequest = (): ServedRequest | undefined => requests.getStore();

/** For what is asked of another service meanwhile. @returns undefined where there is no trace to go on with. */
export function traceparent(): string | undefined {
  const trace = requests.getStore()?.trace;
  return trace && renderTraceparent(trace);
}

/** The last word counts: a stream may begin well and end badly. */
export function noteCode(code: string): void {
  const request = requests.getStore();
  if (request) request.code = code;
}
