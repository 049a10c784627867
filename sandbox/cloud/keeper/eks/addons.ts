/** EKS add-ons; the emulator has none. What they would install runs on the local node as its own programs. */
import { fieldsOf, type KeptCall, now, type Operation, rest, text } from "../operation.ts";
import type { Fields } from "../store.ts";
import { arnOf, changed, inUse, invalid, notFound, requireCluster } from "./cluster.ts";

const kind = "eks/addon";
const version = /^v\d+\.\d+\.\d+-eksbuild\.\d+$/;

export const addons: readonly Operation[] = [
  rest("eks", "POST", "/clusters/{clusterName}/addons", async (call) => {
    const cluster = await clusterOf(call);
    const addonName = text(call.input.addonName, "addonName");
    if (call.records(kind).get(cluster, addonName)) throw inUse("Addon already exists.", { addonName });
    const addon: Fields = {
      addonName,
      clusterName: cluster,
      status: "ACTIVE",
      ...settings(call.input),
      health: { issues: [] },
      addonArn: arnOf(call, "addon", cluster, addonName),
      createdAt: now(),
      modifiedAt: now(),
      tags: fieldsOf(call.input.tags),
    };
    call.records(kind).set([cluster, addonName], addon);
    return { addon };
  }),

  rest("eks", "GET", "/clusters/{clusterName}/addons", async (call) => {
    const held = call.records(kind).under(await clusterOf(call));
    return { addons: held.map(({ addonName }) => String(addonName)) };
  }),

  rest("eks", "GET", "/clusters/{clusterName}/addons/{addonName}", async (call) => ({
    addon: (await requireAddon(call)).addon,
  })),

  rest("eks", "POST", "/clusters/{clusterName}/addons/{addonName}/update", async (call) => {
    const { cluster, addonName, addon } = await requireAddon(call);
    const { clientRequestToken: _, resolveConflicts: __, ...given } = call.input;
    call.records(kind).set([cluster, addonName], { ...addon, ...settings({ ...addon, ...given }), modifiedAt: now() });
    return changed(call, cluster, "AddonUpdate", given);
  }),

  rest("eks", "DELETE", "/clusters/{clusterName}/addons/{addonName}", async (call) => {
    const { cluster, addonName, addon } = await requireAddon(call);
    call.records(kind).remove(cluster, addonName);
    return { addon: { ...addon, status: "DELETING" } };
  }),
];

/** Which version EKS would choose is not known here, so one must be named. */
function settings({ addonVersion, serviceAccountRoleArn, configurationValues }: Fields): Fields {
  if (!version.test(text(addonVersion, "addonVersion"))) {
    throw invalid("InvalidParameterException", "Addon version specified is not supported");
  }
  return { addonVersion, serviceAccountRoleArn, configurationValues };
}

async function clusterOf(call: KeptCall): Promise<string> {
  const name = text(call.path.clusterName, "clusterName");
  await requireCluster(call, name);
  return name;
}

async function requireAddon(call: KeptCall) {
  const cluster = await clusterOf(call);
  const addonName = text(call.path.addonName, "addonName");
  const addon = call.records(kind).get(cluster, addonName);
  if (!addon)
    throw notFound(`No addon: ${addonName} found in cluster: ${cluster}`, { clusterName: cluster, addonName });
  return { cluster, addonName, addon };
}
