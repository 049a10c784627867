import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../shared/bootstrap.ts";
import { openTestStore } from "../store/testing/fixtures.ts";
import { type ClusterStore, clusterStore } from "./clusters.ts";

let opened: Awaited<ReturnType<typeof openTestStore>>;
let store: ClusterStore;

beforeAll(async () => {
  opened = await openTestStore();
  store = clusterStore(opened.database);
});
afterAll(() => opened[Symbol.asyncDispose]());

let clusters = 0;
let serials = 0;
const certificate = () => ({ serial: (++serials).toString(16), notAfter: new Date(Date.now() + 86_400_000) });
const key = () => randomBytes(65);

/** A cluster that has registered, and the serial number that it was given. */
async function registered() {
  const name = { org: "acme", cluster: `c${++clusters}` };
  const declare = async () => {
    const token = randomBytes(8).toString("hex");
    await store.bootstrap([{ ...name, tokenSha256: sha256(token).toString("hex") }]);
    return token;
  };
  const [token, publicKey, given] = [await declare(), key(), certificate()];
  await store.register(token, publicKey, async () => given);
  return { name, declare, token, publicKey, came: { ...name, serial: given.serial } };
}

describe("what was put out of use", () => {
  it("is every certificate of the cluster, and of no other", async () => {
    const [one, other] = [await registered(), await registered()];
    const renewed = certificate();
    expect(await store.renew(one.came, key(), renewed)).toBe(true);
    expect(await store.revoke(one.name)).toBe(true);
    for (const serial of [one.came.serial, renewed.serial]) {
      const came = { ...one.name, serial };
      expect(await store.inUse(came)).toBe(false);
      expect(await store.heartbeat(came, "1", 2)).toBe(false);
      expect(await store.renew(came, key(), certificate())).toBe(false);
    }
    expect(await store.inUse(other.came)).toBe(true);
    expect(await store.heartbeat(other.came, "1", 2)).toBe(true);
  });

  it("leaves no certificate that was being given at that moment", async () => {
    const { name, came } = await registered();
    const given = Array.from({ length: 12 }, certificate);
    const renewals = given.map((next) => store.renew(came, key(), next));
    await Promise.all([store.revoke(name), ...renewals]);
    const standing = await Promise.all(given.map(({ serial }) => store.inUse({ ...name, serial })));
    expect(standing).toEqual(given.map(() => false));
  });

  it("stays so after a new registration, by another token and another key", async () => {
    const { name, declare, token, publicKey, came } = await registered();
    await store.revoke(name);
    expect(await store.register(token, publicKey, async () => certificate())).toBeUndefined();
    expect(await store.register(token, key(), async () => certificate())).toBeUndefined();
    const next = await declare();
    expect(await store.register(next, publicKey, async () => certificate())).toBe("key-refused");
    const given = certificate();
    expect(await store.register(next, key(), async () => given)).toEqual(given);
    expect(await store.inUse(came)).toBe(false);
    expect(await store.inUse({ ...name, serial: given.serial })).toBe(true);
    const renewed = certificate();
    expect(await store.renew({ ...name, serial: given.serial }, key(), renewed)).toBe(true);
    expect(await store.inUse({ ...name, serial: given.serial })).toBe(true);
    expect(await store.inUse({ ...name, serial: renewed.serial })).toBe(true);
  });

  it("gives the cluster no work from that moment", async () => {
    const { name, came } = await registered();
    await store.heartbeat(came, "1", 2);
    const healthy = async () => (await store.list("acme")).find(({ cluster }) => cluster === name.cluster);
    expect(await healthy()).toMatchObject({ healthy: true, revoked_at: null });
    await store.revoke(name);
    expect(await healthy()).toMatchObject({ healthy: false, heard_at: null, revoked_at: expect.any(Date) });
  });

  it("is nothing for a cluster that nobody declared, or another organisation's", async () => {
    const { name, came } = await registered();
    expect(await store.revoke({ org: "acme", cluster: "never-was" })).toBe(false);
    expect(await store.revoke({ ...name, org: "globex" })).toBe(false);
    expect(await store.inUse(came)).toBe(true);
  });
});

it("keeps the newest eight of the certificates that are given since", async () => {
  const { name, declare } = await registered();
  await store.revoke(name);
  const first = certificate();
  await store.register(await declare(), key(), async () => first);
  const given = [first];
  for (let renewals = 0; renewals < 9; renewals++) {
    const next = certificate();
    await store.renew({ ...name, serial: given.at(-1)?.serial ?? "" }, key(), next);
    given.push(next);
  }
  const standing = await Promise.all(given.map(({ serial }) => store.inUse({ ...name, serial })));
  expect(standing).toEqual([false, false, ...Array(8).fill(true)]);
});
