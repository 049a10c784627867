/** Logic with a third answer: what is not known is neither true nor false, and stays visible to the end. */
export type Tri = "yes" | "no" | "maybe";

export const tri = (known: boolean): Tri => (known ? "yes" : "no");

export function not(value: Tri): Tri {
  if (value === "maybe") return "maybe";
  return value === "yes" ? "no" : "yes";
}

export function all(values: readonly Tri[]): Tri {
  if (values.includes("no")) return "no";
  return values.includes("maybe") ? "maybe" : "yes";
}

export function some(values: readonly Tri[]): Tri {
  if (values.includes("yes")) return "yes";
  return values.includes("maybe") ? "maybe" : "no";
}
