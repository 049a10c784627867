/** What a request to Blob Storage asks for, decided from its head alone. Source: Blob Storage's REST API, "Authorize with Microsoft Entra ID". */
import { splitTarget } from "../front/exchange.ts";

export interface BlobCall {
  account: string;
  /** What Azure asks of who calls. */
  does: "read" | "write" | "delete" | "delegate";
  container?: string;
  /** As it is called, not as it is escaped. */
  blob?: { path: string } | { prefix: string };
}

/** @param target `/<account>/…`. @returns undefined for what no client of ours asks for, or what has two readings */
export function blobCallOf(method: string, target: string): BlobCall | undefined {
  const { path, query } = splitTarget(target);
  const [, account = "", container, escaped] =
    /^\/([a-z0-9]{3,24})(?:\/([a-z0-9][a-z0-9-]{1,61}[a-z0-9])(?:\/(.+))?)?\/?$/s.exec(path) ?? [];
  if (!account) return undefined;
  const comp = query.get("comp");
  if (!container) {
    const delegates = method === "POST" && comp === "userdelegationkey" && query.get("restype") === "service";
    return delegates ? { account, does: "delegate" } : undefined;
  }
  if (escaped === undefined) {
    const lists = method === "GET" && comp === "list" && query.get("restype") === "container";
    return lists ? { account, container, does: "read", blob: { prefix: query.get("prefix") ?? "" } } : undefined;
  }
  const blob = blobNamed(escaped);
  if (!blob) return undefined;
  const does = verbOf(method, comp);
  return does && { account, container, blob: { path: blob }, does };
}

function verbOf(method: string, comp: string | null): BlobCall["does"] | undefined {
  if (method === "GET" || method === "HEAD")
    return comp === null || comp === "blocklist" || comp === "metadata" ? "read" : undefined;
  if (method === "PUT") return comp === null || ["block", "blocklist", "metadata"].includes(comp) ? "write" : undefined;
  return method === "DELETE" && comp === null ? "delete" : undefined;
}

/** A path that the store behind might tidy is none. */
function blobNamed(escaped: string): string | undefined {
  try {
    const path = decodeURIComponent(escaped);
    const tidied = path.split("/").some((part) => part === "" || part === "." || part === "..") || path.includes("\\");
    return tidied ? undefined : path;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
