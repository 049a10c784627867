import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { recordingLog } from "../../shared/testing/log.ts";
import { type Election, type LeaseRecord, type LeaseStore, startElection } from "./election.ts";

/** Far enough apart that the timers of a busy machine, a few milliseconds late each, never make up the difference. */
const times = { leaseMs: 240, renewWithinMs: 80, everyMs: 5 };
const patience = { timeout: 20_000, interval: 5 };

/** Stands still while the process does, as on a machine under load. */
let clock = 0;
const ticking = setInterval(() => clock++, 1);
afterAll(() => clearInterval(ticking));

/** One Lease that several processes see; a process can be cut off from it. */
function world() {
  let record: LeaseRecord = { holder: "", transitions: 0, version: "1" };
  const cut = new Set<string>();
  const frozen = new Set<string>();
  const working: string[] = [];
  const most = { atOnce: 0 };
  const storeOf = (identity: string): LeaseStore => {
    const reach = async () => {
      if (frozen.has(identity)) await new Promise(() => undefined);
      if (cut.has(identity)) throw new Error("unreachable");
    };
    return {
      async read() {
        await reach();
        return { ...record };
      },
      async write(next) {
        await reach();
        if (next.version !== record.version) return undefined;
        record = { ...next, version: String(Number(record.version) + 1) };
        return { ...record };
      },
    };
  };
  const join = (identity: string): Election =>
    startElection({
      store: storeOf(identity),
      identity,
      times,
      now: () => clock,
      log: recordingLog().log,
      async lead(signal) {
        working.push(identity);
        most.atOnce = Math.max(most.atOnce, working.length);
        while (!signal.aborted) await sleep(1);
        working.splice(working.indexOf(identity), 1);
      },
    });
  const until = async (check: () => boolean) => {
    await expect.poll(check, patience).toBe(true);
  };
  return { join, working, most, cut, frozen, until, present: () => record };
}

describe("an election", () => {
  it("lets one of many work, and never two", async () => {
    const { join, working, most, until, present } = world();
    const all = ["a", "b", "c", "d"].map(join);
    await until(() => working.length === 1);
    await sleep(2.5 * times.leaseMs);
    expect([most.atOnce, present().transitions, working]).toEqual([1, 1, [present().holder]]);
    for (const one of all) await one.stop();
    expect(present().holder).toBe("");
  });

  it("passes on at once when the leader stops", async () => {
    const { join, working, most, until } = world();
    const first = join("a");
    await until(() => working[0] === "a");
    const second = join("b");
    await first.stop();
    const stoppedAt = clock;
    await until(() => working[0] === "b");
    expect(clock - stoppedAt).toBeLessThan(times.leaseMs);
    expect(most.atOnce).toBe(1);
    await second.stop();
  });

  it("passes on when the leader is cut off: it stops by itself, before another begins", async () => {
    const { join, working, most, cut, until, present } = world();
    const first = join("a");
    await until(() => working[0] === "a");
    const second = join("b");
    cut.add("a");
    await until(() => working[0] === "b");
    expect([most.atOnce, present().holder]).toEqual([1, "b"]);
    cut.delete("a");
    await sleep(50);
    expect(working).toEqual(["b"]);
    await Promise.all([first.stop(), second.stop()]);
  });

  it("passes on when the leader's calls are never answered", async () => {
    const { join, working, most, frozen, until } = world();
    const first = join("a");
    await until(() => working[0] === "a");
    const second = join("b");
    frozen.add("a");
    await until(() => working[0] === "b");
    expect(most.atOnce).toBe(1);
    frozen.clear();
    await Promise.all([first.stop(), second.stop()]);
  });

  it("is ready, leading or not, as long as the Lease can be read", async () => {
    const { join, working, cut, until } = world();
    const [first, second] = [join("a"), join("b")];
    await until(() => working.length === 1);
    const readiness = () =>
      Promise.all([first.ready(), second.ready()]).then(
        () => "ready",
        (error: Error) => error.message,
      );
    await expect.poll(readiness, patience).toBe("ready");
    cut.add("a").add("b");
    await until(() => working.length === 0);
    await expect.poll(readiness, patience).toMatch("cannot be read");
    cut.clear();
    await expect.poll(readiness, patience).toBe("ready");
    await Promise.all([first.stop(), second.stop()]);
  });
});
