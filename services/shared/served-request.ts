/** What is known of the request that is being served, to whatever is done for it, however deep. */
import { AsyncLocalStorage } from "node:async_hooks";

export interface ServedRequest {
  /** Connect's word for how it is answered, such as "not_found", once that is known. */
  code: string | undefined;
}

const requests = new AsyncLocalStorage<ServedRequest>();

export const whileServing = <T>(request: ServedRequest, work: () => T): T => requests.run(request, work);

/** @returns undefined outside of any request, as in what a service does by itself. */
export const servedRequest = (): ServedRequest | undefined => requests.getStore();

/** The last word counts: a stream may begin well and end badly. */
export function noteCode(code: string): void {
  const request = requests.getStore();
  if (request) request.code = code;
}
