/** Objects that the stack makes once and a service writes from then on. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Place } from "../workloads/place.ts";
import { grantRole } from "../workloads/rbac.ts";
import { permissionOf } from "./permissions.ts";

/** Made empty and never compared again: what its service writes there is its own. */
export function giveItsOwn({ name, namespace, parent }: Place, secret: string, protect = false): pulumi.Resource {
  return new kubernetes.core.v1.Secret(
    `${name}-${secret}`,
    { metadata: { name: secret, namespace }, type: "Opaque" },
    { parent, ignoreChanges: ["data", "stringData"], protect },
  );
}

/** The Lease is made without a holder and never compared again: what the replicas write there is their own. */
export function letElect({ name, namespace, parent }: Place, by: string, held: string): pulumi.Resource[] {
  const { role, account, rules } = permissionOf(by);
  const lease = new kubernetes.coordination.v1.Lease(
    `${name}-${held}`,
    { metadata: { name: held, namespace } },
    { parent, ignoreChanges: ["spec"] },
  );
  const granted = { role, namespace, rules, account: { name: account, namespace }, parent };
  return [lease, grantRole(`${name}-${role}`, granted)];
}
