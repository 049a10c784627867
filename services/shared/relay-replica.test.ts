import { describe, expect, it } from "vitest";
import { isDouble } from "./relay-replica.ts";

const on = (id: number, of = 2) => ({ id, of });

describe("a connection is one too many on its replica", () => {
  it.each([
    ["where another is on the same of two", on(1), [on(1)], true],
    ["never where there is one replica", on(1, 1), [on(1, 1)], false],
    ["not on a replica of its own", on(1), [on(2)], false],
    ["not as the first", on(1), [], false],
    ["not once every replica is reached", on(1), [on(1), on(2)], false],
    ["where two of three are reached", on(1, 3), [on(1, 3), on(2, 3)], true],
    ["not towards a relay that does not say", undefined, [undefined], false],
    ["not beside connections whose relay does not say", on(1), [undefined], false],
  ])("%s", (_, one, others, double) => expect(isDouble(one, others)).toBe(double));
});
