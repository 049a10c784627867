/** Section 5 of the benchmark: who is let in. */
import type { AccessListEntry, NetworksFact } from "../facts-baseline.ts";
import type { SecurityRule } from "../facts-region.ts";
import { type BenchmarkFacts, each, type Judged, judged } from "./judged.ts";
import type { Decided } from "./table.ts";

/** SSH and Windows' remote desktop, which goes by both protocols: by number in access lists, by name in groups. */
const adminPorts = [
  { port: 22, numbers: ["6"], protocols: ["tcp"] },
  { port: 3389, numbers: ["6", "17"], protocols: ["tcp", "udp"] },
];
const world = ["0.0.0.0/0", "::/0"];

export const networks = {
  "5.1": {
    judge: ({ regionNetworks }) =>
      each(
        regionNetworks.flatMap(({ accessLists }) => accessLists),
        ({ id, incoming }) => {
          const open = openPorts(incoming);
          return judged(
            open.length === 0,
            id,
            open.length > 0 ? `lets the world in to ${open.join(", ")}` : "does not",
          );
        },
        "there is no network access list",
      ),
    broken: "the last access list lets everybody in",
    breakIt: (facts) => {
      const last = lastWith(facts, ({ accessLists }) => accessLists)?.accessLists.at(-1);
      last?.incoming.push({ order: 0, allows: true, protocol: "-1", network: "0.0.0.0/0" });
      return last ? undefined : false;
    },
  },
  "5.2": {
    judge: ({ regionNetworks }) =>
      each(
        regionNetworks.flatMap(({ groups }) => groups),
        ({ id, rules }) => {
          const open = rules.find(letsTheWorldIn);
          return judged(open === undefined, id, open ? `${open.id} lets the world in` : "does not");
        },
        "there is no security group",
      ),
    broken: "the last security group lets the world in by a range of ports",
    breakIt: (facts) => {
      const last = lastWith(facts, ({ groups }) => groups)?.groups.at(-1);
      const ports = { fromPort: 3000, toPort: 4000 };
      last?.rules.push({ id: "sgr-open", direction: "in", protocol: "tcp", ...ports, networks: ["::/0"] });
      return last ? undefined : false;
    },
  },
  "5.3": {
    judge: ({ regionNetworks }) =>
      each(
        regionNetworks.flatMap(({ networks: all, groups }) =>
          all.map(({ id }) => ({ id, group: groups.find(({ name, vpcId }) => name === "default" && vpcId === id) })),
        ),
        ({ id, group }) =>
          judged(group?.rules.length === 0, group?.id ?? id, group ? `${group.rules.length} rules` : "was not found"),
        "there is no network",
      ),
    broken: "the last network's default group lets everything out",
    breakIt: (facts) => {
      const groups = facts.regionNetworks.flatMap((one) => one.groups).filter(({ name }) => name === "default");
      const all = { protocol: "-1", fromPort: -1, toPort: -1, networks: ["0.0.0.0/0"] };
      groups.at(-1)?.rules.push({ id: "sgr-out", direction: "out", ...all });
      return groups.length > 0 ? undefined : false;
    },
  },
} as const satisfies Partial<Record<Decided, Judged>>;

function lastWith({ regionNetworks }: BenchmarkFacts, of: (one: NetworksFact) => readonly unknown[]) {
  return regionNetworks.findLast((one) => of(one).length > 0);
}

/** The first entry of everybody's that a port comes to decides; entries of smaller networks do not close it for all. */
function openPorts(incoming: AccessListEntry[]): number[] {
  return adminPorts.flatMap(({ port, numbers }) =>
    numbers.some((protocol) => world.some((network) => isOpen(incoming, port, protocol, network))) ? [port] : [],
  );
}

function isOpen(incoming: AccessListEntry[], port: number, protocol: string, network: string): boolean {
  const first = incoming
    .filter((one) => one.network === network && (one.protocol === "-1" || one.protocol === protocol))
    // EC2 takes no notice of ports where a rule is of every protocol.
    .filter((one) => one.protocol === "-1" || !one.ports || (one.ports.from <= port && port <= one.ports.to))
    .toSorted((a, b) => a.order - b.order)
    .at(0);
  return first?.allows === true;
}

function letsTheWorldIn({ direction, networks: from, protocol, fromPort, toPort }: SecurityRule): boolean {
  if (direction !== "in" || !from.some((network) => world.includes(network))) return false;
  if (protocol === "-1") return true;
  return adminPorts.some(
    ({ port, protocols }) => protocols.includes(protocol) && (fromPort === -1 || (fromPort <= port && port <= toPort)),
  );
}
