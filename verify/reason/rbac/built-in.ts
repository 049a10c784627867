/** Cluster roles that the API server makes itself, so that manifests often leave them out. */
import type { Labels } from "../labels.ts";

export function isBuiltIn(name: string): boolean {
  return /^(cluster-admin|admin|edit|view|system:.+)$/.test(name);
}

interface BuiltIn {
  name: string;
  labels: Labels;
}

/** What others may gather by label; the many that have no more than the common one stand behind `cluster-admin`. */
const gatherable: readonly BuiltIn[] = [
  { name: "cluster-admin" },
  { name: "admin" },
  { name: "edit", to: "admin" },
  { name: "view", to: "edit" },
  { name: "system:aggregate-to-admin", to: "admin" },
  { name: "system:aggregate-to-edit", to: "edit" },
  { name: "system:aggregate-to-view", to: "view" },
].map(({ name, to }: { name: string; to?: string }) => ({
  name,
  labels: {
    "kubernetes.io/bootstrapping": "rbac-defaults",
    ...(to ? { [`rbac.authorization.k8s.io/aggregate-to-${to}`]: "true" } : {}),
  },
}));

/** @param told names of the cluster roles that are there */
export function builtInsLeftOut(told: readonly string[]): BuiltIn[] {
  return gatherable.filter(({ name }) => !told.includes(name));
}
