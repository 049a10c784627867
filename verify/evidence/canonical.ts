/** JSON that is the same bytes for the same value, and the name that bytes have by their content. */
import { createHash } from "node:crypto";

/** Keys sorted, no space; what JSON leaves out (undefined, functions) is left out. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

/** Hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** As a bundle holds it: without what JSON leaves out, keys in its order. What is judged must be what can be replayed. */
export function kept<T>(value: T): T {
  return JSON.parse(canonical(value)) as T;
}
