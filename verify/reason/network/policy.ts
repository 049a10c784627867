/** NetworkPolicy of networking.k8s.io/v1, read with the API server's defaults. */
import { z } from "zod";
import { type Manifest, namespaceOf } from "../input/manifests.ts";
import { listOf, maybe, parseOrRefuse } from "../input/parsed.ts";
import { parseBlock, within } from "../ip.ts";
import { labelSelector, optionalSelector } from "../labels.ts";

export const protocols = ["TCP", "UDP", "SCTP"] as const;
export type Protocol = (typeof protocols)[number];
export type Direction = "ingress" | "egress";

const portNumber = z.int("a port from 1 to 65535").min(1).max(65535);
/** As IANA names services, which the API server asks for. */
const portName = /^(?=.{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const portAllowed = "a number from 1 to 65535, or a name with a letter";
const cidr = z
  .string("an address block such as 10.0.0.0/8")
  .refine((text) => parseBlock(text) !== undefined, "an address block such as 10.0.0.0/8")
  .transform((text) => ({ text, block: parseBlock(text) }));

const ipBlock = z
  .strictObject({ cidr, except: listOf(cidr) })
  .refine(
    ({ cidr: { block: outer }, except }) =>
      outer !== undefined &&
      except.every(({ block }) => block !== undefined && block.length > outer.length && within(block, outer)),
    "exceptions that lie within the cidr and are smaller",
  );

/** Looked at as written, so that a refusal can show it. */
const peer = z
  .looseObject({})
  .refine(
    ({ podSelector, namespaceSelector, ipBlock: block }) =>
      Boolean(block) !== Boolean(podSelector ?? namespaceSelector),
    "either an ipBlock, or a podSelector, a namespaceSelector or both",
  )
  .pipe(
    z.strictObject({
      podSelector: optionalSelector,
      namespaceSelector: optionalSelector,
      ipBlock: maybe(ipBlock),
    }),
  );

const port = z
  .strictObject({
    protocol: maybe(z.enum(protocols, "TCP, UDP or SCTP")),
    port: maybe(z.union([portNumber, z.string().regex(portName, portAllowed)], portAllowed)),
    endPort: maybe(portNumber),
  })
  .refine(
    ({ port: first, endPort }) => endPort === undefined || (typeof first === "number" && first <= endPort),
    "an endPort only with a port that is a number and not above it",
  )
  .transform(({ protocol = "TCP", ...rest }) => ({ protocol, ...rest }));

const ingressRule = z.strictObject({ from: listOf(peer), ports: listOf(port) });
const egressRule = z.strictObject({ to: listOf(peer), ports: listOf(port) });

const spec = z.strictObject({
  podSelector: optionalSelector.transform((selector) => selector ?? labelSelector.parse({})),
  policyTypes: listOf(z.enum(["Ingress", "Egress"], "Ingress or Egress")),
  ingress: listOf(ingressRule),
  egress: listOf(egressRule),
});

export type Peer = z.infer<typeof peer>;
export type Port = z.infer<typeof port>;

export interface Rule {
  /** None: everybody. */
  peers: readonly Peer[];
  /** None: every port of every protocol. */
  ports: readonly Port[];
}

export interface Policy {
  /** `ns/name`. */
  title: string;
  namespace: string;
  podSelector: z.infer<typeof labelSelector>;
  /** What it isolates; a direction that is not here it says nothing of. */
  rules: Readonly<Partial<Record<Direction, readonly Rule[]>>>;
}

export function readPolicies(manifests: readonly Manifest[]): Policy[] {
  return manifests
    .filter(({ group, kind }) => group === "networking.k8s.io" && kind === "NetworkPolicy")
    .map((manifest) => {
      const title = `${namespaceOf(manifest)}/${manifest.name}`;
      const subject = `${manifest.source}: NetworkPolicy ${title}`;
      const { podSelector, policyTypes, ingress, egress } = parseOrRefuse(
        spec,
        manifest.object.spec ?? {},
        `${subject} spec`,
      );
      // Without policyTypes: always Ingress, and Egress if there is a rule for it.
      const isolates = (type: "Ingress" | "Egress") =>
        policyTypes.length > 0 ? policyTypes.includes(type) : type === "Ingress" || egress.length > 0;
      return {
        title,
        namespace: namespaceOf(manifest),
        podSelector,
        rules: {
          ...(isolates("Ingress") ? { ingress: ingress.map(({ from, ports }) => ({ peers: from, ports })) } : {}),
          ...(isolates("Egress") ? { egress: egress.map(({ to, ports }) => ({ peers: to, ports })) } : {}),
        },
      };
    });
}
