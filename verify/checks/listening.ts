/** What the checks of how the platform's pods speak where they listen have in common. Source: decision 68. */
import type { Facts } from "../facts.ts";
import type { Listener, ProbedListener } from "../facts-probes.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { listenersOf } from "../reason/listeners.ts";
import { servicePods } from "../reason/region.ts";

export const listening = {
  severity: "high",
  probes: true,
  claims: ["enc-in-transit-everywhere"],
  documented: [],
  fix: "Bring both stacks up again; let what listens beside the platform's own programs serve by TLS, or on loopback alone.",
} as const;

/** By these both planes are judged. */
export const listeningFacts = ["probedListeners", "regionPods"] as const;
export type ListeningFacts = Pick<Facts, (typeof listeningFacts)[number]>;

/** The platform's namespaces, on each plane. */
export interface Homes {
  customer: { namespace: string };
  controlPlane: { namespace: string };
}

/** The region's public ports are tried by TLS-01; within its cluster no probe runs. */
export function judgeListening({ probedListeners, regionPods }: ListeningFacts, homes: Homes): Finding[] {
  const own = probedListeners.filter(({ pod }) => pod.startsWith(`${homes.customer.namespace}/`));
  const ofRegion = servicePods(regionPods, homes.controlPlane.namespace).flatMap(listenersOf);
  return [
    ...probedListeners.map(judgeProbed),
    ...ofRegion.map((one) => judgeTold(one, "")),
    counted(homes.customer.namespace, own.length, "ports of its pods were tried"),
    counted(homes.controlPlane.namespace, ofRegion.length, "ports are named by its pods"),
  ];
}

function counted(namespace: string, ports: number, words: string): Finding {
  return (ports > 0 ? pass : fail)(`Namespace/${namespace}`, `${ports} ${words}`);
}

function judgeProbed(one: ProbedListener): Finding {
  if (one.kubelet === "in clear" || one.speaks === "nothing") return judgeTold(one, "closed to the probe; ");
  if (one.speaks === "by TLS") return pass(nameOf(one), one.told);
  return fail(nameOf(one), `${one.declared ? "" : "found open, though no pod says so; "}no TLS: ${one.told}`);
}

/** Where nobody but its kubelet and its callers can try it. */
function judgeTold(one: Listener, before: string): Finding {
  const subject = nameOf(one);
  if (one.kubelet === "in clear") return fail(subject, "its kubelet asks it in clear");
  if (one.kubelet === "by TLS") return pass(subject, `${before}answers its kubelet by TLS`);
  if (one.givenCertificate) return pass(subject, `${before}its program was given a certificate to serve by`);
  return fail(subject, `${before}nothing tells that it speaks TLS`);
}

function nameOf({ pod, container, port }: Listener): string {
  return `Pod/${pod}:${port}${container ? ` (${container})` : ""}`;
}
