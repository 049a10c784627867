/** Names that are one in all of Azure, whoever's subscription they are in: told from plain configuration, in every phase alike. */
import { createHash } from "node:crypto";

export interface GlobalScope {
  subscription: string;
  /** What the plane's own things are called by, such as `biplane-acme-main`; begins with a letter. */
  prefix: string;
}

const hashLength = 8;

/** 3 to 24 lower-case letters and digits. */
export function storageAccountName(scope: GlobalScope): string {
  return `${letters(scope.prefix).slice(0, 24 - hashLength)}${hashOf(scope)}`;
}

/** 5 to 50 letters and digits. */
export function registryName(scope: GlobalScope): string {
  return `${letters(scope.prefix).slice(0, 50 - hashLength)}${hashOf(scope)}`;
}

/** 3 to 24 letters, digits and single "-". @param what apart from a plane's other vaults */
export function vaultName(scope: GlobalScope, what: "base" | "data" | "secrets"): string {
  const kept = scope.prefix.slice(0, 23 - hashLength).replace(/-+$/, "");
  return `${kept}-${hashOf({ ...scope, prefix: `${scope.prefix}/${what}` })}`;
}

/**
 * The name of a role definition or of an assignment, which Azure wants to be a GUID: the same parts give the same one,
 * so that a stack that lost its state meets what it made, instead of making it twice.
 */
export function guidOf(...parts: [string, ...string[]]): string {
  const hex = createHash("sha256").update(parts.join("\n")).digest("hex");
  // RFC 9562, version 8: of the maker's own making.
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

/** Two prefixes that differ in their dashes alone differ in the hash. */
function hashOf({ subscription, prefix }: GlobalScope): string {
  return createHash("sha256").update(`${subscription}/${prefix}`).digest("hex").slice(0, hashLength);
}

function letters(prefix: string): string {
  return prefix.replaceAll("-", "");
}
