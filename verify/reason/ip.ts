/** Addresses and blocks of addresses, of both families, as numbers. */
import { isIP } from "node:net";

export interface Address {
  family: 4 | 6;
  value: bigint;
}

export interface Block extends Address {
  /** Bits from the left that count. */
  length: number;
}

const bits = { 4: 32, 6: 128 } as const;

/** @returns undefined for what is no address; one of IPv4 in IPv6's form is of IPv4 */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 4) return { family, value: ofBytes(text.split(".").map(Number)) };
  if (family !== 6 || text.includes("%")) return undefined;
  const value = ofWords(wordsOf(text));
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

export function parseBlock(text: string): Block | undefined {
  const [, base = "", length = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(base);
  if (!address) return undefined;
  // Of an address of IPv4 in IPv6's form 96 bits are said by the form.
  const counted = Number(length) - (address.family === 4 && base.includes(":") ? 96 : 0);
  return counted < 0 || counted > bits[address.family] ? undefined : { ...address, length: counted };
}

/** A lone address is a block of itself. */
export function blockOf(text: string): Block | undefined {
  return parseBlock(text) ?? parseBlock(`${text}/${text.includes(":") ? 128 : 32}`);
}

export function same(one: Address, other: Address): boolean {
  return one.family === other.family && one.value === other.value;
}

export function within(address: Address, block: Block): boolean {
  if (address.family !== block.family) return false;
  const rest = BigInt(bits[block.family] - block.length);
  return address.value >> rest === block.value >> rest;
}

function ofBytes(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function ofWords(words: readonly number[]): bigint {
  return words.reduce((sum, word) => (sum << 16n) | BigInt(word), 0n);
}

/** The eight words of an IPv6 address, `::` and a dotted end written out. */
function wordsOf(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const words = (part: string) =>
    part.split(":").flatMap((word) => {
      if (word === "") return [];
      if (!word.includes(".")) return [Number.parseInt(word, 16)];
      const dotted = Number(ofBytes(word.split(".").map(Number)));
      return [Math.floor(dotted / 65536), dotted % 65536];
    });
  if (tail === undefined) return words(head);
  const [left, right] = [words(head), words(tail)];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}
