/** Addresses of nodes, as the nodes themselves and the pods on them tell. */
import { z } from "zod";
import { type Manifest, namespaceOf } from "../input/manifests.ts";
import { listOf, maybe, parseOrRefuse } from "../input/parsed.ts";
import { type Address, parseAddress } from "../ip.ts";

const word = maybe(z.string("a string"));
const ips = listOf(z.object({ ip: word }));

/** Of a pod, as its spec and its status say. */
const podSchema = z.object({
  spec: maybe(z.object({ hostNetwork: maybe(z.boolean("true or false")), nodeName: word })),
  status: maybe(z.object({ podIP: word, podIPs: ips, hostIP: word, hostIPs: ips })),
});

const nodeSchema = z.object({
  status: maybe(z.object({ addresses: listOf(z.object({ type: word, address: word })) })),
});

interface Known {
  /** Undefined: of a node without name, which a pod tells the address of. */
  node: string | undefined;
  address: Address;
}

export class Nodes {
  readonly #names = new Map<string, Set<string>>();
  readonly #addresses = new Map<string, Map<string, Address>>();

  constructor(manifests: readonly Manifest[]) {
    for (const { node, address } of manifests.flatMap(knownFrom)) {
      const key = keyOf(address);
      const names = this.#names.get(key) ?? new Set();
      this.#names.set(key, node === undefined ? names : names.add(node));
      if (node === undefined) continue;
      const addresses = this.#addresses.get(node) ?? new Map<string, Address>();
      this.#addresses.set(node, addresses.set(key, address));
    }
  }

  addressesOf(node: string): Address[] {
    return [...(this.#addresses.get(node)?.values() ?? [])];
  }

  /** @returns undefined for an address that is no node's; else the names of its node, none if nobody tells it */
  namesAt(address: Address): string[] | undefined {
    const names = this.#names.get(keyOf(address));
    return names && [...names];
  }
}

function keyOf({ family, value }: Address): string {
  return `${family}/${value}`;
}

function knownFrom(manifest: Manifest): Known[] {
  const { group, kind, name, object, source } = manifest;
  if (group !== "") return [];
  if (kind === "Node") {
    const { status } = parseOrRefuse(nodeSchema, object, `${source}: Node ${name}`);
    const inside = (status?.addresses ?? []).filter(({ type }) => type === "InternalIP");
    return parsed(inside.map(({ address }) => address)).map((address) => ({ node: name, address }));
  }
  if (kind !== "Pod") return [];
  const { spec, status } = parseOrRefuse(podSchema, object, `${source}: Pod ${namespaceOf(manifest)}/${name}`);
  const own = spec?.hostNetwork ? [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)] : [];
  const texts = [status?.hostIP, ...(status?.hostIPs ?? []).map(({ ip }) => ip), ...own];
  return parsed(texts).map((address) => ({ node: spec?.nodeName || undefined, address }));
}

export function parsed(texts: readonly (string | undefined)[]): Address[] {
  return texts.flatMap((text) => parseAddress(text ?? "") ?? []);
}
