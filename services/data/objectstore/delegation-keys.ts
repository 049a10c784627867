/** The key that this plane's identity signs with: asked of Blob Storage, used while it outlives every URL, then asked anew. */
import { type Azure, AzureError } from "../../../shared/azure.ts";
import { type DelegationKey, storageVersion, toSecond } from "./sas.ts";
import { maxPresignSeconds } from "./store.ts";

/** Azure gives up to seven days; a key that is lost is of use for this long. */
const lifeMs = 6 * 3_600_000;
/** A clock that is behind ours sees the key begin all the same. */
const earlierMs = 300_000;
/** An answer without one of these is none. */
const fields = {
  ...{ objectId: "SignedOid", tenantId: "SignedTid", start: "SignedStart", expiry: "SignedExpiry" },
  ...{ service: "SignedService", version: "SignedVersion", value: "Value" },
} as const;

/** @returns a key that is good for `maxPresignSeconds` from now at least */
export function delegationKeys(azure: Azure, account: string, now: () => number): () => Promise<DelegationKey> {
  let held: { key: Promise<DelegationKey>; until: number } | undefined;

  async function ask(at: number): Promise<DelegationKey> {
    const [start, expiry] = [toSecond(at - earlierMs), toSecond(at + lifeMs)];
    const asked = `<?xml version="1.0" encoding="utf-8"?><KeyInfo><Start>${start}</Start><Expiry>${expiry}</Expiry></KeyInfo>`;
    const answer = await azure.call({
      ...{ api: "blob", of: account, method: "POST", path: "/" },
      query: { restype: "service", comp: "userdelegationkey" },
      headers: { "x-ms-version": storageVersion, "content-type": "application/xml" },
      content: Buffer.from(asked),
      repeatable: true,
    });
    return parsed(await answer.text());
  }

  return () => {
    const at = now();
    if (held && at < held.until) return held.key;
    const key = ask(at);
    const mine = { key, until: at + lifeMs - maxPresignSeconds * 1_000 - earlierMs };
    held = mine;
    // Told to those who wait for it; the next one asks again.
    key.catch(() => {
      if (held === mine) held = undefined;
    });
    return key;
  };
}

/** The answer's seven texts, none of which needs escaping. */
function parsed(xml: string): DelegationKey {
  const textOf = (name: string) => {
    const text = new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];
    if (text === undefined) throw new AzureError(`the answer with a user delegation key has no ${name}`, 200);
    return text;
  };
  const key = Object.fromEntries(Object.entries(fields).map(([name, tag]) => [name, textOf(tag)]));
  return key as Record<keyof typeof fields, string>;
}
