/**
 * One question as the connections that it may be about: where an end has addresses of two families, or none that is told,
 * and where a port's name stands for several numbers, or for none.
 */
import type { Address } from "../ip.ts";
import type { End, PodEnd } from "./endpoints.ts";
import type { Protocol } from "./policy.ts";

/** An address of an end; without value where only the family is supposed. */
export interface Place {
  family: Address["family"];
  value: bigint | undefined;
}

export interface Connection {
  from: End;
  to: End;
  /** Both of one family, unless the ends have none in common. */
  fromPlace: Place;
  toPlace: Place;
  protocol: Protocol;
  /** Undefined: any. */
  port: number | undefined;
}

/** At least one. */
export function casesOf(from: End, to: End, port: number | string, protocol: Protocol): Connection[] {
  const ports = typeof port === "number" ? [port] : numbersOf(to, port, protocol);
  const numbers = ports.length > 0 ? [...new Set(ports)] : [undefined];
  return pairs(placesOf(from), placesOf(to)).flatMap(([fromPlace, toPlace]) =>
    numbers.map((number) => ({ from, to, fromPlace, toPlace, protocol, port: number })),
  );
}

function pairs(from: readonly Place[], to: readonly Place[]): [Place, Place][] {
  const all = from.flatMap((one) => to.map((other): [Place, Place] => [one, other]));
  const alike = all.filter(([one, other]) => one.family === other.family);
  return alike.length > 0 ? alike : all;
}

const untold: readonly Place[] = [
  { family: 4, value: undefined },
  { family: 6, value: undefined },
];

function placesOf(end: End): readonly Place[] {
  if (end.kind === "address") return [end.address];
  const { hostNetwork, addresses, nodeAddresses } = end;
  const told = hostNetwork && addresses.length === 0 ? nodeAddresses : addresses;
  return told.length > 0 ? told : untold;
}

/** What a port's name stands for; the first of that name is what every plugin takes. */
export function numbersOf(to: End, name: string, protocol: Protocol): number[] {
  const ports: PodEnd["ports"] = to.kind === "pod" ? to.ports : [];
  return ports.filter((port) => port.name === name && port.protocol === protocol).map(({ number }) => number);
}
