/** What our stacks left in a cluster: every kind that the API serves is listed, and asked who wrote it. */
import type { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import { readDocument } from "../../sandbox/node/api-server.ts";

/** As our provider writes objects. */
const manager = "biplane";
const builtIn = ["default", "kube-node-lease", "kube-public", "kube-system"];

const resourcesSchema = z.object({
  resources: z.array(z.object({ name: z.string(), verbs: z.array(z.string()) })).default([]),
});
const groupsSchema = z.object({
  groups: z.array(z.object({ preferredVersion: z.object({ groupVersion: z.string() }) })),
});
const listSchema = z.object({
  items: z
    .array(
      z.object({
        metadata: z.object({
          name: z.string(),
          namespace: z.string().optional(),
          managedFields: z.array(z.object({ manager: z.string().optional() })).default([]),
        }),
      }),
    )
    .default([]),
});

/** @returns `<group>/<kind> <namespace>/<name>` of what our stacks wrote, and of all in namespaces that are not Kubernetes' */
export async function objectsOf(cluster: KubeConfig): Promise<string[]> {
  const read = async <T>(schema: z.ZodType<T>, path: string) =>
    schema.parse(JSON.parse(await readDocument(cluster, path)));
  const { groups } = await read(groupsSchema, "/apis");
  const roots = ["/api/v1", ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const found: string[] = [];
  for (const root of roots) {
    const { resources } = await read(resourcesSchema, root);
    const listed = resources.filter(({ name, verbs }) => verbs.includes("list") && !name.includes("/"));
    for (const { name: kind } of listed) {
      const { items } = await read(listSchema, `${root}/${kind}`);
      for (const { metadata } of items) {
        const { namespace = "", name, managedFields } = metadata;
        const ours = managedFields.some((field) => field.manager === manager);
        const elsewhere =
          kind === "namespaces" ? !builtIn.includes(name) : namespace !== "" && !builtIn.includes(namespace);
        if (ours || elsewhere) found.push(`${root}/${kind} ${namespace}/${name}`);
      }
    }
  }
  return found.sort();
}
