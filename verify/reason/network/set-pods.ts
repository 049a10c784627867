/** Single pods of StatefulSets: their names, and so some of their labels, are told before they are made. */
import { z } from "zod";
import type { Manifest } from "../input/manifests.ts";
import { maybe, parseOrRefuse } from "../input/parsed.ts";
import type { PodEnd } from "./endpoints.ts";

const whole = maybe(z.int("a whole number").min(0, "a whole number"));
const setSchema = z.object({ spec: z.object({ replicas: whole, ordinals: maybe(z.object({ start: whole })) }) });

/** @param any of the set's pods */
export function podsOfSet({ group, kind, name, object, source }: Manifest, any: PodEnd): PodEnd[] {
  if (group !== "apps" || kind !== "StatefulSet") return [];
  const { spec } = parseOrRefuse(setSchema, object, `${source}: StatefulSet ${name}`);
  const first = spec.ordinals?.start ?? 0;
  return Array.from({ length: Math.min(spec.replicas ?? 1, most) }, (_, at) => podAt(any, name, first + at));
}

/** Far more than anybody runs. */
const most = 10_000;

function podAt(any: PodEnd, set: string, ordinal: number): PodEnd {
  const name = `${set}-${ordinal}`;
  const own = { "statefulset.kubernetes.io/pod-name": name, "apps.kubernetes.io/pod-index": String(ordinal) };
  return {
    ...any,
    title: `${any.namespace}/${name}`,
    many: false,
    labels: { ...any.labels, ...own },
    isLabelTold: (key) => Object.hasOwn(own, key) || any.isLabelTold(key),
  };
}
