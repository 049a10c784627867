import { describe, expect, it } from "vitest";
import { accountsReachTheirOwn } from "../checks/iam-14-account-reach.ts";
import { judge } from "../runner.ts";
import { collectedFrom, goodFacts, goodTarget, goodTargets } from "../testing/good-plane.ts";
import { probeReach } from "./reach.ts";
import type { Place, Store, Tried } from "./sessions.ts";

const role = "arn:aws:iam::222222222222:role/adminflyterole";
const refused = (told: string): Tried => ({ allowed: false, told });

/** As AWS with the kit's own policies, but for what a test has it do otherwise. */
function cloud(otherwise: { lets?: (account: string, name: string) => boolean; rights?: Record<string, string> } = {}) {
  const rights: Record<string, string> = {
    ...{ executor: "get", "proxy-system": "get put delete", "log-provider": "" },
    ...otherwise.rights,
  };
  const lets = otherwise.lets ?? ((account: string, name: string) => account === name && name in rights);
  const held = new Set<string>();
  const asked: string[] = [];
  const storeOf = (name: string): Store => {
    const call =
      (action: keyof Store) =>
      async ({ bucket, key }: Place): Promise<Tried> => {
        if (!rights[name]?.split(" ").includes(action)) return refused("AccessDenied");
        if (action === "put") held.add(`${bucket}/${key}`);
        if (action === "get" && !held.has(`${bucket}/${key}`)) return refused("NoSuchKey");
        if (action === "delete") held.delete(`${bucket}/${key}`);
        return { allowed: true, told: "done" };
      };
    return { put: call("put"), get: call("get"), delete: call("delete") };
  };
  return {
    ...{ held, asked },
    tokenOf: async (name: string) => `token of ${name}`,
    async take(identity: string, token: string, name: string) {
      asked.push(`${identity} ${token} as ${name}`);
      const account = token.replace("token of ", "");
      return lets(account, name) ? { store: storeOf(name), told: "a session" } : { told: "AccessDenied" };
    },
  };
}

const judged = async (world: ReturnType<typeof cloud>) => {
  const { names, reach } = await probeReach(goodTarget, world);
  const facts = { ...goodFacts(), probedNames: names, probedReach: reach };
  return judge(accountsReachTheirOwn, collectedFrom(facts), goodTargets);
};
const failed = (verdict: Awaited<ReturnType<typeof judged>>) =>
  verdict.outcome === "FAIL" ? verdict.findings.filter(({ ok }) => !ok).map(({ subject }) => subject) : verdict.outcome;

describe("the probe of each platform account's reach", () => {
  it("brings every account's token for the role under every name that it knows, and leaves nothing", async () => {
    const world = cloud();
    expect(await judged(world)).toMatchObject({ outcome: "PASS" });
    expect(world.held).toEqual(new Set());
    expect(world.asked).toContain(`${role} token of executor as proxy-system`);
    expect(world.asked).toContain(`${role} token of tunnel-system as log-provider`);
    expect(world.asked).toContain(`${role} token of secrets as secrets`);
    // Three that take it under three names; two that do not, each under its own beside these.
    expect(world.asked).toHaveLength(3 * 3 + 2 * 4);
  });

  it("sees an account that takes another's name, a right too many and one that is missing", async () => {
    const trusting = cloud({ lets: (account) => account !== "tunnel-system" && account !== "secrets" });
    expect(failed(await judged(trusting))).toContain("log-provider → a session named proxy-system");
    const wide = cloud({ rights: { executor: "get put" } });
    expect(failed(await judged(wide))).toEqual(
      ["acme-metadata", "acme-fast-reg"].map((one) => `executor: put in ${one}`),
    );
    expect(wide.held).toEqual(new Set());
    const narrow = cloud({ rights: { executor: "" } });
    expect(failed(await judged(narrow))).toEqual(
      ["acme-metadata", "acme-fast-reg"].map((one) => `executor: get in ${one}`),
    );
  });

  it("says nothing where the object store's own account cannot put, or cannot take away again", async () => {
    await expect(probeReach(goodTarget, cloud({ rights: { "proxy-system": "get" } }))).rejects.toThrow(/cannot/);
    await expect(probeReach(goodTarget, cloud({ rights: { "proxy-system": "get put" } }))).rejects.toThrow(
      /cannot be taken away again: AccessDenied/,
    );
    await expect(probeReach(goodTarget, cloud({ lets: () => false }))).rejects.toThrow(/proxy-system got no session/);
  });
});
