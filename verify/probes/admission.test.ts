import { describe, expect, it } from "vitest";
import { limitsHold } from "../checks/ns-05-limits-hold.ts";
import { goodFacts, goodTargets } from "../testing/good-plane.ts";
import { closedOrNot, untilRoom } from "./admission.ts";

const refusal = (limited: string) =>
  `pods "biplane-probe" is forbidden: exceeded quota: quota, requested: cpu=1,pods=1, used: cpu=0,pods=0, limited: ${limited}`;

describe("a namespace whose project is archived", () => {
  it.each(["pods=0", "cpu=9,pods=0"])("is known by its quota: limited to %s", (limited) => {
    expect(closedOrNot(new Error(refusal(limited)))).toBe(refusal(limited));
  });

  it.each(["pods=09", "pods=5k", "count/pods=0", "cpu=0"])("is none with %s", (limited) => {
    expect(() => closedOrNot(new Error(refusal(limited)))).toThrow("exceeded quota");
  });

  it("passes as one that takes no pod", () => {
    const facts = goodFacts();
    const [first] = facts.probedAdmission;
    if (!first) throw new Error("one namespace was asked");
    Object.assign(first, { given: { requests: {}, limits: {} }, closed: refusal("pods=0") });
    expect(limitsHold.evaluate(facts, goodTargets)).toMatchObject([{ ok: true }]);
  });
});

describe("a namespace whose quota is full at this moment", () => {
  const full = refusal("cpu=9,pods=5");

  it("is asked again until there is room", async () => {
    let asked = 0;
    const offer = () => (++asked < 3 ? Promise.reject(new Error(full)) : Promise.resolve("taken"));
    expect(await untilRoom(offer, 1_000, 1)).toBe("taken");
    expect(asked).toBe(3);
  });

  it("and stays full is told with the quota's own words", async () => {
    await expect(untilRoom(() => Promise.reject(new Error(full)), 10, 1)).rejects.toThrow("limited: cpu=9,pods=5");
  });

  it.each([refusal("pods=0"), "no such namespace"])(
    "is not waited for where waiting does not help: %s",
    async (told) => {
      let asked = 0;
      const offer = () => {
        asked++;
        return Promise.reject(new Error(told));
      };
      await expect(untilRoom(offer, 1_000, 1)).rejects.toThrow(told);
      expect(asked).toBe(1);
    },
  );
});
