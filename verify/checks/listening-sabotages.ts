/** What must turn every check of listeners red. */
import type { V1Container } from "@kubernetes/client-node";
import type { ProbedListener } from "../facts-probes.ts";
import { servicePods } from "../reason/region.ts";
import type { Homes, ListeningFacts } from "./listening.ts";

interface Break {
  name: string;
  apply(facts: ListeningFacts, homes: Homes): undefined | false;
}

const clear = { speaks: "not by TLS", told: "ERR_SSL_WRONG_VERSION_NUMBER" } as const;
const silent = { speaks: "nothing", told: "silent for 5000 ms" } as const;

export const listeningSabotages: readonly [Break, ...Break[]] = [
  {
    name: "the first of them speaks in clear",
    apply: ({ probedListeners: [first] }) => change(first, clear),
  },
  {
    name: "a debugger listens beside the last one, and no pod says so",
    apply({ probedListeners }) {
      const last = probedListeners.at(-1);
      if (!last) return false;
      const open = { port: 9229, declared: false, kubelet: "not at all", givenCertificate: false } as const;
      probedListeners.push({ ...last, ...open, ...clear });
      return undefined;
    },
  },
  {
    name: "one is closed to the probe, and nothing else tells how it speaks",
    apply: ({ probedListeners }) =>
      change(probedListeners.at(-1), { ...silent, kubelet: "not at all", givenCertificate: false }),
  },
  {
    name: "one that is closed to the probe answers its kubelet in clear",
    apply: ({ probedListeners }) => change(probedListeners.at(-1), { ...silent, kubelet: "in clear" }),
  },
  {
    name: "nothing of the platform's was tried",
    apply(facts, { customer: { namespace } }) {
      facts.probedListeners = facts.probedListeners.filter(({ pod }) => !pod.startsWith(`${namespace}/`));
    },
  },
  {
    name: "the kubelet asks the region's first service in clear",
    apply(facts, homes) {
      const probed = containersOf(facts, homes)[0]?.livenessProbe?.httpGet;
      if (!probed) return false;
      delete probed.scheme;
      return undefined;
    },
  },
  {
    name: "the region's last service listens somewhere else too, and was given no certificate",
    apply(facts, homes) {
      const last = containersOf(facts, homes).at(-1);
      if (!last?.ports) return false;
      last.ports.push({ containerPort: 8081 });
      last.env = [];
      return undefined;
    },
  },
  {
    name: "a container beside the region's last service listens",
    apply({ regionPods }, { controlPlane: { namespace } }) {
      const spec = servicePods(regionPods, namespace).at(-1)?.spec;
      if (!spec) return false;
      spec.containers.push({ name: "debug", ports: [{ containerPort: 8081 }] });
      return undefined;
    },
  },
];

function containersOf({ regionPods }: ListeningFacts, { controlPlane: { namespace } }: Homes): V1Container[] {
  return servicePods(regionPods, namespace).flatMap(({ spec }) => spec?.containers ?? []);
}

function change(one: ProbedListener | undefined, to: Partial<ProbedListener>): undefined | false {
  if (!one) return false;
  Object.assign(one, to);
  return undefined;
}
