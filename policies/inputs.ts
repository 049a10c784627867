/** Reading of inputs whose shape nobody has checked yet: what is not of the wanted kind is as good as absent. */
import type { Inputs } from "./rule.ts";

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export function objectOf(value: unknown): Inputs {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function objectsOf(value: unknown): Inputs[] {
  return listOf(value).map(objectOf);
}

export function textsOf(value: unknown): string[] {
  return listOf(value).map(textOf);
}

/** The whole internet, in either family. */
export function isAnywhere(cidr: unknown): boolean {
  return cidr === "0.0.0.0/0" || cidr === "::/0";
}
