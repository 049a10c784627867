import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineReader } from "./log-lines.ts";
import { parseStream, type StoredEvent, streamPrefix } from "./log-store.ts";
import { KubeletText, StoredOrder, storedLine } from "./stored-lines.ts";

const second = "2026-11-22T17:00:00";
const event = (text: string): StoredEvent => ({ at: Date.parse(text.split(" ")[0] ?? ""), taken: 0, text });

/** As the kubelet tells what is stored, one page at a time. */
function told(pages: StoredEvent[][]): string[] {
  const [order, text, reader] = [new StoredOrder(), new KubeletText(), new LineReader()];
  const read = pages.flatMap((page) => reader.read(text.bytes(order.take(page))));
  const all = [...read, ...reader.read(text.bytes(order.flush())), ...reader.end()];
  return all.map(({ timestamp, message }) => `${timestamp} ${message}`);
}

describe("a stored line", () => {
  it.each([
    [`${second}.5Z stdout F said`, `${second}.500000000Z`, "said", false],
    [`${second}.123456789Z stderr P half`, `${second}.123456789Z`, "half", true],
    [`${second}Z stdout F:tag  two spaces `, `${second}.000000000Z`, " two spaces ", false],
    [`${second}.5Z stdout F `, `${second}.500000000Z`, "", false],
    [`${second}.5Z stdout F`, `${second}.500000000Z`, "", false],
    [`${second}.5+01:00 stdout F "quoted"`, `${second}.500000000+01:00`, '"quoted"', false],
  ])("of %j has its time to nine digits and its text untouched", (text, timestamp, said, goesOn) => {
    expect(storedLine({ at: 0, taken: 0, text })).toEqual({ timestamp, text: said, goesOn });
  });

  it("that no runtime wrote is told as it is, at the store's time", () => {
    const at = Date.parse(`${second}.007Z`);
    expect(storedLine({ at, taken: 0, text: "hello" })).toEqual({
      timestamp: `${second}.007000000Z`,
      text: "hello",
      goesOn: false,
    });
  });
});

describe("stored lines", () => {
  it("are told in the order of their nanoseconds and once, however the store pages and repeats them", () => {
    const nanos = fc.uniqueArray(fc.nat(30_000_000), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        nanos,
        fc.array(fc.nat(39)),
        fc.array(fc.nat(50)),
        fc.integer({ min: 1, max: 9 }),
        (times, again, draw, size) => {
          const lines = times
            .sort((a, b) => a - b)
            .map((nano) =>
              event(`${second}.${String(nano).padStart(9, "0").replace(/0+$/, "") || "0"}Z stdout F ${nano}`),
            );
          const sent = [...lines, ...again.flatMap((index) => lines[index] ?? [])];
          // Shuffled, then in the store's order: by milliseconds, and anyhow within one.
          const shuffled = sent.map((each, index) => [draw[index] ?? index, each] as const).sort(([a], [b]) => a - b);
          const stored = shuffled.map(([, each]) => each).sort((a, b) => a.at - b.at);
          const pages = Array.from({ length: Math.ceil(stored.length / size) }, (_, at) =>
            stored.slice(at * size, at * size + size),
          );
          expect(told(pages)).toEqual(times.map((nano) => `${second}.${String(nano).padStart(9, "0")}Z ${nano}`));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("know a second sending even when the first was told already", () => {
    const order = new StoredOrder();
    const line = event(`${second}.000000001Z stdout F a`);
    order.take([line]);
    expect(order.flush()).toHaveLength(1);
    expect(order.take([line, event(`${second}.000000002Z stdout F b`)])).toEqual([]);
    expect(order.flush().map(({ text }) => text)).toEqual(["b"]);
  });

  it("join their parts under the time of the first, over pages too", () => {
    const parts = [`${second}.001Z stdout P one `, `${second}.002Z stdout P two `, `${second}.003Z stdout F three`];
    const last = `${second}.004Z stdout P no end`;
    expect(told([...parts, last].map((text) => [event(text)]))).toEqual([
      `${second}.001000000Z one two three`,
      `${second}.004000000Z no end`,
    ]);
  });
});

describe("a stream's name", () => {
  const place = { namespace: "demo-development", pod: "r1-a0-1" };

  it("is the file beneath the nodes' folder of logs, and says the container and how often it was begun anew", () => {
    const name = "demo-development_r1-a0-1_4f6d2c1e/main/2.log";
    expect(parseStream(name, 7)).toEqual({ name, container: "main", restart: 2, createdAt: 7 });
    expect(name.startsWith(streamPrefix(place))).toBe(true);
    expect("demo-development_r1-a0-10_4f6d2c1e/main/0.log".startsWith(streamPrefix(place))).toBe(false);
  });

  it.each([
    "audit",
    "a_b_c/main",
    "a_b_c/main/0.log.20260101",
    "a_b/main/0.log",
    "a_b_c/d/main/0.log",
    "a_b_c/main/x.log",
  ])("is not %s", (name) => expect(parseStream(name, 0)).toBeUndefined());
});
