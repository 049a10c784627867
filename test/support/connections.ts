/** The TCP connections of a service's processes, as the kernel tells them: which ones they opened, which ones they took. */
import { readProc } from "../../shared/proc.ts";
import { pidsOf } from "./processes.ts";

export interface Connection {
  peer: string;
  peerPort: number;
  localPort: number;
  /** taken: on a port that the process's network listens on. Else it was opened from this end. */
  way: "opened" | "taken";
}

/** States of `/proc/<pid>/net/tcp`. */
const established = "01";
const listening = "0A";

/** @param service such as `tunnel`. Those of all its processes that run now. */
export function connectionsOf(service: string): Connection[] {
  return pidsOf(service).flatMap((pid) => {
    const rows = ["net/tcp", "net/tcp6"].flatMap((table) => rowsOf(readProc(pid, table)));
    const ports = new Set(rows.filter(({ state }) => state === listening).map(({ localPort }) => localPort));
    return rows
      .filter(({ state }) => state === established)
      .map(({ peer, peerPort, localPort }) => {
        const way = ports.has(localPort) ? "taken" : "opened";
        return { peer, peerPort, localPort, way };
      });
  });
}

function rowsOf(table: string) {
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local = "", remote = "", state = ""] = line.trim().split(/\s+/);
      if (!remote.includes(":")) return [];
      return [{ ...at(remote), localPort: at(local).peerPort, state }];
    });
}

/** Four bytes in the machine's order and a port; of IPv6 the last four, which hold a mapped IPv4 address. */
function at(text: string): { peer: string; peerPort: number } {
  const [address = "", port = ""] = text.split(":");
  const bytes = (address.slice(-8).match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
  return { peer: bytes.reverse().join("."), peerPort: Number.parseInt(port, 16) };
}
