/** What all of EKS's kept operations need: the cluster that they are about, and the record of a change. */
import { randomUUID } from "node:crypto";
import { fieldsOf, type KeptCall, KeptRefusal, now } from "../operation.ts";
import type { Fields, Json } from "../store.ts";

/** Kinds of records whose key begins with the cluster's name; they go when it goes. */
export const clusterKinds = [
  "eks/cluster",
  "eks/node-group",
  "eks/access-entry",
  "eks/access-policy",
  "eks/addon",
  "eks/pod-identity",
  "eks/update",
] as const;

export function forgetCluster(call: KeptCall, name: string): void {
  for (const kind of clusterKinds) if (call.records(kind).under(name).length > 0) call.records(kind).remove(name);
}

/** The emulator's cluster and what is kept of it. @throws KeptRefusal as EKS words it */
export async function requireCluster(call: KeptCall, name: string): Promise<Fields> {
  const held = await call.pass({ method: "GET", path: `/clusters/${encodeURIComponent(name)}` });
  if (!held.ok) throw notFound(`No cluster found for name: ${name}.`, { clusterName: name });
  return { ...fieldsOf(held.fields.cluster), ...call.records("eks/cluster").get(name) };
}

export function notFound(message: string, fields: Fields = {}): KeptRefusal {
  return new KeptRefusal(404, "ResourceNotFoundException", message, fields);
}

export function inUse(message: string, fields: Fields = {}): KeptRefusal {
  return new KeptRefusal(409, "ResourceInUseException", message, fields);
}

export function invalid(code: "InvalidParameterException" | "InvalidRequestException", message: string): KeptRefusal {
  return new KeptRefusal(400, code, message);
}

/** Every change is done at once here; its record is what `describe-update` answers. */
export function changed(
  call: KeptCall,
  cluster: string,
  type: string,
  params: Record<string, Json | undefined>,
): Fields {
  const update: Fields = {
    id: randomUUID(),
    status: "Successful",
    type,
    params: Object.entries(params).flatMap(([name, value]) =>
      value === undefined ? [] : [{ type: name, value: typeof value === "string" ? value : JSON.stringify(value) }],
    ),
    createdAt: now(),
    errors: [],
  };
  call.records("eks/update").set([cluster, String(update.id)], update);
  return { update };
}

export function arnOf(call: KeptCall, kind: string, ...rest: string[]): string {
  return `arn:aws:eks:${call.region}:${call.account}:${[kind, ...rest, randomUUID()].join("/")}`;
}
