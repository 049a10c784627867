import { describe, expect, it } from "vitest";
import { parseAddress, parseBlock, within } from "./ip.ts";

describe("addresses in blocks", () => {
  it.each<[string, string, boolean]>([
    ["10.0.0.1", "10.0.0.0/31", true],
    ["10.0.0.2", "10.0.0.0/31", false],
    ["10.0.0.2", "10.0.0.3/24", true],
    ["255.255.255.255", "0.0.0.0/0", true],
    ["128.0.0.0", "128.0.0.0/1", true],
    ["127.0.0.1", "128.0.0.0/1", false],
    ["10.0.0.1", "10.0.0.1/32", true],
    ["::1", "0.0.0.0/0", false],
    ["10.0.0.1", "::/0", false],
    ["2001:db8::1", "2001:db8::/32", true],
    ["2001:db9::1", "2001:db8::/32", false],
    ["fe80::1:2", "fe80::1:0/112", true],
    ["::ffff:10.0.0.1", "10.0.0.0/8", true],
    ["10.1.2.3", "::ffff:10.0.0.0/104", true],
    ["11.0.0.1", "::ffff:10.0.0.0/104", false],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8/128", true],
  ])("%s in %s: %s", (address, block, expected) => {
    const [parsedAddress, parsedBlock] = [parseAddress(address), parseBlock(block)];
    expect(parsedAddress && parsedBlock && within(parsedAddress, parsedBlock)).toBe(expected);
  });

  it.each([
    "10.0.0",
    "10.0.0.256",
    "a/b",
    "10.0.0.0/33",
    "::/129",
    "::ffff:10.0.0.0/24",
    "10.0.0.0",
    "fe80::1%eth0/64",
    "",
  ])("%s is no block", (text) => {
    expect(parseBlock(text)).toBeUndefined();
  });
});
