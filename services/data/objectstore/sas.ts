/**
 * Signed URLs of Azure's Blob Storage (user delegation SAS), as documented: pure. One blob and one operation, over TLS
 * alone, by a key that Entra gave this identity for some hours: who uses the URL can do no more than that identity may.
 * Source: "Create a user delegation SAS", version 2020-12-06 and later.
 */
import { createHmac } from "node:crypto";
import { escapedPath } from "../../../shared/rfc3986.ts";

/** Of the REST API, of the signature and of the key. */
export const storageVersion = "2022-11-02";

/** As `Get User Delegation Key` answers it. */
export interface DelegationKey {
  objectId: string;
  tenantId: string;
  /** To the second, as times of signatures are. */
  start: string;
  expiry: string;
  service: string;
  version: string;
  /** Base64. */
  value: string;
}

export interface SasRequest {
  /** Scheme and host of the account, with what of the path all its calls have. */
  origin: string;
  account: string;
  container: string;
  blob: string;
  /** Reads, or writes: a new one, or another content. */
  permission: "r" | "w";
  /** Milliseconds since 1970, of a whole second. */
  expiresAt: number;
  key: DelegationKey;
}

export function signedBlobUrl({ origin, account, container, blob, permission, expiresAt, key }: SasRequest): string {
  const expiry = toSecond(expiresAt);
  const place = `/blob/${account}/${container}/${blob}`;
  const ofKey = [key.objectId, key.tenantId, key.start, key.expiry, key.service, key.version];
  /** Who it is said to be authorized for or not, and an id to correlate by; from which addresses. */
  const [nobody, anywhere] = [["", "", ""], ""];
  /** A snapshot, a scope of encryption, and five headers of the answer. */
  const nothingElse = ["", "", "", "", "", "", ""];
  const text = [
    ...[permission, "", expiry, place, ...ofKey, ...nobody, anywhere],
    ...["https", storageVersion, "b", ...nothingElse],
  ].join("\n");
  const query = new URLSearchParams({
    ...{ sv: storageVersion, spr: "https", se: expiry, sr: "b", sp: permission },
    ...{
      skoid: key.objectId,
      sktid: key.tenantId,
      skt: key.start,
      ske: key.expiry,
      sks: key.service,
      skv: key.version,
    },
    sig: createHmac("sha256", Buffer.from(key.value, "base64")).update(text).digest("base64"),
  });
  return `${origin}/${container}/${escapedPath(blob)}?${query}`;
}

/** As signatures have times. */
export function toSecond(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "");
}
