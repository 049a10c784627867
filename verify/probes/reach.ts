/**
 * Brings each platform account's token to AWS for the admin role under the name of every session that the role knows, and
 * tries with its own session what it may do in both buckets. What is put goes again by the account that keeps objects.
 */
import { randomUUID } from "node:crypto";
import { adminServiceAccounts } from "../../components/identity/contract.ts";
import { platformAccounts } from "../documented/components.ts";
import type { ProbedName, ProbedReach } from "../facts-probes.ts";
import { adminAccounts, type Target } from "../target.ts";
import { withCleanup } from "./cleanup.ts";
import type { CloudSessions, Place, Store } from "./sessions.ts";

export interface ReachProbes {
  names: ProbedName[];
  reach: ProbedReach[];
}

export interface ReachCalls {
  /** Of an account of the platform's namespace. */
  tokenOf(name: string): Promise<string>;
  take: CloudSessions["take"];
}

/** @throws Error where the object store's own account cannot put an object: of the others nothing can then be said */
export async function probeReach(target: Target, { tokenOf, take }: ReachCalls): Promise<ReachProbes> {
  const known = adminAccounts(target);
  const role = `arn:aws:iam::${target.account}:role/${target.roles.admin}`;
  const names: ProbedName[] = [];
  const stores = new Map<string, Store>();
  for (const account of platformAccounts(target)) {
    const token = await tokenOf(account);
    for (const name of new Set([...known, account])) {
      const own = name === account && known.includes(account);
      const { store, told } = await take(role, token, name);
      names.push({ account, name, own, taken: store !== undefined, told });
      if (own && store) stores.set(account, store);
    }
  }
  const keeper = stores.get(adminServiceAccounts.objectstore);
  if (!keeper) throw new Error(`${adminServiceAccounts.objectstore} got no session, so nobody can put an object`);
  const { metadata, fastRegistration } = target.buckets;
  const reach: ProbedReach[] = [];
  for (const bucket of [metadata, fastRegistration]) reach.push(...(await tryIn(bucket, target.org, stores, keeper)));
  return { names, reach };
}

/** What is asked for is there, put by the keeper: a store may refuse to tell of what is not, whoever asks. */
async function tryIn(
  bucket: string,
  org: string,
  stores: ReadonlyMap<string, Store>,
  keeper: Store,
): Promise<ProbedReach[]> {
  const place = (): Place => ({ bucket, key: `${org}/biplane-probe/${randomUUID()}` });
  const there = place();
  const tries = [...stores].map(([account, store]) => ({ account, store, fresh: place() }));
  const left: string[] = [];
  const remove = async () => {
    for (const at of [there, ...tries.map(({ fresh }) => fresh)]) {
      const { allowed, told } = await keeper.delete(at);
      if (!allowed) left.push(`${at.bucket}/${at.key} cannot be taken away again: ${told}`);
    }
  };
  const found = await withCleanup(remove, async () => {
    const put = await keeper.put(there);
    if (!put.allowed) throw new Error(`the object store's account cannot put an object into ${bucket}: ${put.told}`);
    const found: ProbedReach[] = [];
    for (const { account, store, fresh } of tries)
      found.push(
        { account, bucket, action: "put", ...(await store.put(fresh)) },
        { account, bucket, action: "get", ...(await store.get(there)) },
      );
    return found;
  });
  if (left.length > 0) throw new Error(left.join("; "));
  return found;
}
