/**
 * Managed node groups. The emulator drops how they are updated and repaired, makes up an SSH key that nobody asked for,
 * and lacks UpdateNodegroupVersion. The access entry of their role is EKS's own doing.
 */
import { fieldsOf, type KeptCall, type Operation, rest, text } from "../operation.ts";
import type { Fields } from "../store.ts";
import { createEntry, forgetEntry } from "./access-entries.ts";
import { changed, requireCluster } from "./cluster.ts";

const kind = "eks/node-group";
const one = "/clusters/{clusterName}/node-groups/{nodegroupName}";

export const nodeGroups: readonly Operation[] = [
  rest("eks", "POST", "/clusters/{clusterName}/node-groups", async (call) => {
    const clusterName = text(call.path.clusterName, "clusterName");
    const cluster = await requireCluster(call, clusterName);
    const passed = await call.pass();
    if (!passed.ok) return { passed };
    const { input } = call;
    const { nodegroupArn } = fieldsOf(passed.fields.nodegroup);
    const record = {
      nodegroupArn,
      version: input.version ?? cluster.version,
      updateConfig: input.updateConfig ?? { maxUnavailable: 1 },
      nodeRepairConfig: input.nodeRepairConfig,
      tags: fieldsOf(input.tags),
      nodeRole: input.nodeRole,
      remoteAccess: input.remoteAccess,
    };
    call.records(kind).set([clusterName, text(input.nodegroupName, "nodegroupName")], record);
    admitNodes(call, clusterName, cluster, String(input.nodeRole));
    return { nodegroup: completed(fieldsOf(passed.fields.nodegroup), record) };
  }),

  rest("eks", "GET", "/clusters/{clusterName}/node-groups", async (call) => {
    await requireCluster(call, text(call.path.clusterName, "clusterName"));
    return { passed: await call.pass() };
  }),

  rest("eks", "GET", one, async (call) => {
    const passed = await call.pass();
    if (!passed.ok) return { passed };
    return { nodegroup: completed(fieldsOf(passed.fields.nodegroup), call.records(kind).get(...keyOf(call))) };
  }),

  rest("eks", "POST", `${one}/update-config`, async (call) => {
    const passed = await call.pass();
    if (!passed.ok) return { passed };
    const { updateConfig, nodeRepairConfig } = call.input;
    change(call, { ...(updateConfig ? { updateConfig } : {}), ...(nodeRepairConfig ? { nodeRepairConfig } : {}) });
    return changed(call, keyOf(call)[0], "ConfigUpdate", call.input);
  }),

  rest("eks", "POST", `${one}/update-version`, async (call) => {
    const passed = await call.pass({ method: "GET", path: pathOf(call) });
    if (!passed.ok) return { passed };
    const { version, releaseVersion, launchTemplate } = call.input;
    const template = launchTemplate && {
      ...fieldsOf(fieldsOf(passed.fields.nodegroup).launchTemplate),
      ...fieldsOf(launchTemplate),
    };
    change(call, {
      ...(version ? { version } : {}),
      ...(releaseVersion ? { releaseVersion } : {}),
      ...(template ? { launchTemplate: template } : {}),
    });
    return changed(call, keyOf(call)[0], "VersionUpdate", { version, releaseVersion, launchTemplate });
  }),

  rest("eks", "DELETE", one, async (call) => {
    const [clusterName] = keyOf(call);
    const passed = await call.pass();
    if (!passed.ok) return { passed };
    const nodeRole = String(call.records(kind).get(...keyOf(call))?.nodeRole ?? "");
    call.records(kind).remove(...keyOf(call));
    const others = call.records(kind).under(clusterName);
    if (!others.some((other) => other.nodeRole === nodeRole)) forgetEntry(call, clusterName, nodeRole);
    return { passed };
  }),
];

/** An SSH key and its security group only where they were asked for; a disk only where no template says it. */
function completed(made: Fields, record: Fields | undefined): Fields {
  const { nodeRole: _, ...kept } = record ?? {};
  const nodegroup: Fields = { ...made, ...kept, remoteAccess: record?.remoteAccess };
  if (nodegroup.remoteAccess) return nodegroup;
  const { remoteAccessSecurityGroup: __, ...resources } = fieldsOf(nodegroup.resources);
  return { ...nodegroup, resources, diskSize: nodegroup.launchTemplate ? undefined : nodegroup.diskSize };
}

function admitNodes(call: KeptCall, clusterName: string, cluster: Fields, nodeRole: string): void {
  if (fieldsOf(cluster.accessConfig).authenticationMode === "CONFIG_MAP") return;
  if (call.records("eks/access-entry").get(clusterName, nodeRole)) return;
  createEntry(call, clusterName, nodeRole, {
    type: "EC2_LINUX",
    username: "system:node:{{EC2PrivateDNSName}}",
    kubernetesGroups: ["system:nodes"],
  });
}

function change(call: KeptCall, fields: Fields): void {
  const key = keyOf(call);
  call.records(kind).set(key, { ...call.records(kind).get(...key), ...fields });
}

function keyOf({ path }: KeptCall): [string, string] {
  return [text(path.clusterName, "clusterName"), text(path.nodegroupName, "nodegroupName")];
}

function pathOf(call: KeptCall): string {
  const [cluster, group] = keyOf(call).map(encodeURIComponent);
  return `/clusters/${cluster}/node-groups/${group}`;
}
