/**
 * The kept project as Google's REST APIs answer of it, for whoever only looks: the few reads that `verify` makes, each
 * under its ordinary path, so that one origin serves them all. What is not listed is not found. Nothing is judged here:
 * who may ask is the matter of whoever lets the call in.
 */

import type { ReadAnswer, ReadRequest } from "../providers/machine/reads.ts";
import type { KeptProject, Route } from "./answer.ts";
import { computeRoutes } from "./compute.ts";
import { constraintRoutes } from "./constraints.ts";
import { containerRoutes } from "./container.ts";
import { iamRoutes } from "./iam.ts";
import { loggingRoutes } from "./logging.ts";
import { storageRoutes } from "./storage.ts";
import { storesRoutes } from "./stores.ts";

const routes: readonly Route[] = [
  ...iamRoutes,
  ...constraintRoutes,
  ...storageRoutes,
  ...storesRoutes,
  ...loggingRoutes,
  ...containerRoutes,
  ...computeRoutes,
];

export function answerRead({ method, url }: ReadRequest, project: KeptProject): ReadAnswer {
  const { pathname, searchParams } = new URL(url, "http://kept");
  for (const { method: own, path, answer } of routes) {
    // Separators of a name that are escaped are part of it.
    const found = own === method ? path.exec(pathname.replaceAll("%40", "@")) : null;
    const body = found && answer(found.slice(1), searchParams, project);
    if (body) return { status: 200, body };
  }
  return { status: 404, body: { error: { code: 404, message: `${pathname} was not found.`, status: "NOT_FOUND" } } };
}
