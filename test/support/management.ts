/** The vendor's manager of a BYOC cluster, and what the cluster recorded of somebody. */
import { readFileSync } from "node:fs";
import { KubeConfig, RbacAuthorizationV1Api } from "@kubernetes/client-node";
import { z } from "zod";
import { adminOf } from "../../sandbox/node/api-server.ts";
import { auditLogOf } from "../../sandbox/node/audit-log.ts";
import { nodeLayout } from "../../sandbox/node/layout.ts";
import { ensureLeaf } from "../../sandbox/pki.ts";
import { here } from "./paths.ts";

const node = nodeLayout(here, "customer");

const recordSchema = z.object({
  verb: z.string(),
  user: z.object({ username: z.string(), groups: z.array(z.string()).default([]) }),
  objectRef: z.object({ resource: z.string(), namespace: z.string().optional(), name: z.string().optional() }),
  responseStatus: z.object({ code: z.number() }).optional(),
  annotations: z.record(z.string(), z.string()).default({}),
});
export type AuditRecord = z.output<typeof recordSchema>;

/** The group that the cluster's own rules give the managers' rights to. */
export async function managersGroup(): Promise<string> {
  const rbac = adminOf(node).makeApiClient(RbacAuthorizationV1Api);
  const { subjects = [] } = await rbac.readClusterRoleBinding({ name: "biplane-managers" });
  const [group, ...more] = subjects.filter(({ kind }) => kind === "Group").map(({ name }) => name);
  if (!group || more.length > 0) throw new Error(`the managers are ${JSON.stringify(subjects)}, not one group`);
  return group;
}

/**
 * Logs in as one manager. On EKS the access entry gives the group to whoever has the management role, under the name of
 * their session; here a certificate of the cluster's own authority says the same.
 * @param session as the vendor's own sign-in names the person
 */
export async function managerOf(session: string): Promise<KubeConfig> {
  const files = await ensureLeaf(here, {
    name: `customer-manager-${session}`,
    commonName: session,
    organization: await managersGroup(),
    authority: "customer-clients",
  });
  const admin = adminOf(node);
  const cluster = admin.getCurrentCluster();
  if (!cluster) throw new Error("the administrator's kubeconfig names no cluster");
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromClusterAndUser(cluster, { name: session, certFile: files.certificate, keyFile: files.key });
  return kubeconfig;
}

/** All that the customer's API server has recorded of the user, oldest first. */
export function recordedOf(username: string): AuditRecord[] {
  return readFileSync(auditLogOf(node), "utf8")
    .split("\n")
    .filter((line) => line.includes(username))
    .map((line) => recordSchema.parse(JSON.parse(line)))
    .filter(({ user }) => user.username === username);
}
