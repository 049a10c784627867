/** What makes a live object what was planned, as a JSON merge patch: also what was added where the plan has nothing. */
import { isDeepStrictEqual } from "node:util";
import type { Manifest } from "../../../components/compute-plane/project-plan.ts";
import type { LiveObject } from "./objects.ts";

type Fields = Record<string, unknown>;

/** Of a namespace its phase and finalizers, of an account its tokens are Kubernetes' own; labels may stand beside ours. */
const whole = ["spec", "rules", "roleRef", "subjects"];

/** @returns undefined where there is nothing to put right. */
export function differences(planned: Manifest, live: LiveObject): Fields | undefined {
  const { apiVersion, kind, metadata, ...rest } = planned;
  const body: Fields = {};
  for (const [name, wanted] of Object.entries(rest)) {
    const change = whole.includes(name) ? replaced(wanted, live[name]) : added(wanted, live[name]);
    if (change !== undefined) body[name] = change;
  }
  const marks: Fields = {};
  for (const name of ["labels", "annotations"] as const) {
    const change = added(metadata[name], live.metadata[name]);
    if (change !== undefined) marks[name] = change;
  }
  if (Object.keys(marks).length > 0) body.metadata = marks;
  return Object.keys(body).length > 0 ? body : undefined;
}

/** The live value becomes the wanted one, and nothing besides. */
function replaced(wanted: unknown, live: unknown): unknown {
  if (isDeepStrictEqual(wanted, live)) return undefined;
  if (!isFields(wanted) || !isFields(live)) return wanted;
  const change: Fields = {};
  for (const key of Object.keys(live)) if (!(key in wanted)) change[key] = null;
  for (const [key, value] of Object.entries(wanted)) {
    const inner = replaced(value, live[key]);
    if (inner !== undefined) change[key] = inner;
  }
  return Object.keys(change).length > 0 ? change : undefined;
}

/** The live value has what is wanted, and may have more. */
function added(wanted: unknown, live: unknown): unknown {
  if (!isFields(wanted)) return isDeepStrictEqual(wanted, live) ? undefined : wanted;
  const known = isFields(live) ? live : {};
  const lacking = Object.entries(wanted).filter(([key, value]) => !isDeepStrictEqual(value, known[key]));
  return lacking.length > 0 ? Object.fromEntries(lacking) : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
