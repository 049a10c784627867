import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localRunSteps } from "../../sandbox/local-run.ts";
import { biplane } from "../support/biplane.ts";
import { leftovers } from "../support/leftovers.ts";

const moments = Object.values(localRunSteps).map((after, index) => ({
  after,
  delayMs: [150, 4_000, 500, 6_000, 5_000][index] ?? 1_000,
}));
const rounds = process.env.BIPLANE_LONG ? 5 : 1;

/** That the next `up` completes what one left is asked where a whole plane comes up: `whole-model.ts`. */
describe("up, killed", () => {
  beforeAll(() => biplane(["down"]));
  afterAll(() => biplane(["down"]));

  it.each(moments)("in the step '$after' leaves nothing that down cannot remove", async ({ after, delayMs }) => {
    for (let round = 0; round < rounds; round++) {
      const up = await biplane(["up"], { kill: { after, delayMs: delayMs * (round + 1) } });
      expect(up.killed, up.output).toBe(true);
      const down = await biplane(["down"]);
      expect(down.exitCode, down.output).toBe(0);
      expect(await leftovers()).toEqual([]);
    }
  });
});
