/** How runs and actions are named everywhere in the store. The organisation is never part of a key: see database.ts. */
import type { CallerKind } from "../../shared/auth/caller.ts";

export interface ProjectKey {
  project: string;
  domain: string;
}

export interface RunKey extends ProjectKey {
  run: string;
}

export interface ActionKey extends RunKey {
  action: string;
}

export const rootAction = "a0";

/** Who did something, as the verified token says. */
export interface Actor {
  subject: string;
  kind: CallerKind;
}

/** What NOTIFY carries, and what advisory locks are named by. */
export function runTopic(org: string, { project, domain, run }: RunKey): string {
  return `${org}/${project}/${domain}/${run}`;
}

/** Ordered alike everywhere, so that transactions lock rows in one order. */
export function actionId({ project, domain, run, action }: ActionKey): string {
  return `${project}/${domain}/${run}/${action}`;
}
