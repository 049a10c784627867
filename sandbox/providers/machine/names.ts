/** Physical names for objects that the program left unnamed, as the real providers make them. */
import { createHash } from "node:crypto";

export interface NameRule {
  property: string;
  /** Longest name that the service takes. @default no limit */
  max?: number;
  /** Hexadecimal digits of the suffix. @default 7 */
  digits?: number;
}

/** `<logical>-<7 hex>`, the logical part cut so that the suffix always fits. The seed is new for each replacement. */
export function autoName(logical: string, seed: Uint8Array, rule: Omit<NameRule, "property"> = {}): string {
  const digits = rule.digits ?? 7;
  const suffix = createHash("sha256").update(seed).digest("hex").slice(0, digits);
  const room = rule.max === undefined ? logical.length : rule.max - digits - 1;
  return `${logical.slice(0, Math.max(room, 0)).replace(/-+$/, "")}-${suffix}`;
}

/** Whether `name` can have come from `autoName`: only such a name is kept when the program gives none. */
export function isAutoName(logical: string, name: string): boolean {
  const cut = name.lastIndexOf("-");
  return cut > 0 && logical.startsWith(name.slice(0, cut)) && /^[0-9a-f]{7,8}$/.test(name.slice(cut + 1));
}
