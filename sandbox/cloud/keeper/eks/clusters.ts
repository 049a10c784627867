/**
 * The cluster itself. The emulator drops who may come in, deletion protection and the support policy; its
 * UpdateClusterConfig forgets the subnets and answers in another form; UpdateClusterVersion and DescribeUpdate it lacks.
 */
import { fieldsOf, type KeptCall, type Operation, rest, text } from "../operation.ts";
import type { Fields, Json } from "../store.ts";
import { changed, forgetCluster, invalid, notFound, requireCluster } from "./cluster.ts";

/** Fields that are kept here, with what EKS takes for granted. */
const kept: Fields = {
  accessConfig: { authenticationMode: "CONFIG_MAP", bootstrapClusterCreatorAdminPermissions: true },
  deletionProtection: false,
  upgradePolicy: { supportType: "EXTENDED" },
  zonalShiftConfig: undefined,
  computeConfig: undefined,
  storageConfig: undefined,
};

const nameOf = (call: KeptCall) => text(call.path.name, "name");

export const clusters: readonly Operation[] = [
  rest("eks", "POST", "/clusters", async (call) => {
    const passed = await call.pass();
    if (!passed.ok) return { passed };
    const name = text(call.input.name, "name");
    // Of a cluster of an earlier life of the emulator, which forgets when it stops.
    forgetCluster(call, name);
    call.records("eks/cluster").set([name], { ...merged(kept, call.input), ...versionIn(call.input) });
    return { cluster: await requireCluster(call, name) };
  }),

  rest("eks", "GET", "/clusters/{name}", async (call) => {
    const name = nameOf(call);
    const cluster = await requireCluster(call, name);
    const resourcesVpcConfig = { ...fieldsOf(cluster.resourcesVpcConfig), ...(await placeOf(call, name)) };
    return { cluster: { ...cluster, resourcesVpcConfig } };
  }),

  rest("eks", "POST", "/clusters/{name}/update-config", async (call) => {
    const name = nameOf(call);
    const cluster = await requireCluster(call, name);
    const { resourcesVpcConfig, logging } = call.input;
    const input = {
      resourcesVpcConfig: { ...fieldsOf(cluster.resourcesVpcConfig), ...fieldsOf(resourcesVpcConfig) },
      logging: logging ?? cluster.logging,
    };
    const passed = await call.pass({ input });
    if (!passed.ok) return { passed };
    call.records("eks/cluster").set([name], merged(call.records("eks/cluster").get(name) ?? kept, call.input));
    const type = resourcesVpcConfig ? "EndpointAccessUpdate" : logging ? "LoggingUpdate" : "AccessConfigUpdate";
    return changed(call, name, type, call.input);
  }),

  rest("eks", "POST", "/clusters/{name}/updates", async (call) => {
    const name = nameOf(call);
    const { version: from } = await requireCluster(call, name);
    const to = text(call.input.version, "version");
    if (minorOf(to) !== minorOf(from) + 1) {
      const message = `Unsupported Kubernetes minor version update from ${from} to ${to}`;
      throw invalid("InvalidParameterException", message);
    }
    call.records("eks/cluster").set([name], { ...call.records("eks/cluster").get(name), version: to });
    return changed(call, name, "VersionUpdate", { Version: to });
  }),

  rest("eks", "GET", "/clusters/{name}/updates/{updateId}", async (call) => {
    const update = call.records("eks/update").get(nameOf(call), text(call.path.updateId, "updateId"));
    if (!update) throw notFound(`No update found for ID: ${call.path.updateId}`);
    return { update };
  }),

  rest("eks", "DELETE", "/clusters/{name}", async (call) => {
    const name = nameOf(call);
    const cluster = await requireCluster(call, name);
    if (cluster.deletionProtection === true) {
      throw invalid("InvalidRequestException", `Cluster ${name} has deletion protection enabled and cannot be deleted`);
    }
    const passed = await call.pass();
    if (!passed.ok) return { passed };
    forgetCluster(call, name);
    return { cluster: { ...cluster, status: "DELETING" } };
  }),
];

/**
 * The network, and the group of the nodes and of EKS's own interfaces: EKS makes the group and tells both; here whoever
 * makes a cluster makes the group by the name that EKS gives it. Neither before it is there.
 */
async function placeOf(call: KeptCall, cluster: string): Promise<Fields> {
  const { body } = await call.ask("ec2", {
    Action: "DescribeSecurityGroups",
    Version: "2016-11-15",
    "Filter.1.Name": "group-name",
    "Filter.1.Value.1": `eks-cluster-sg-${cluster}`,
  });
  const field = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(body.toString())?.[1];
  const [clusterSecurityGroupId, vpcId] = [field("groupId"), field("vpcId")];
  return { ...(clusterSecurityGroupId ? { clusterSecurityGroupId } : {}), ...(vpcId ? { vpcId } : {}) };
}

/** Objects by their fields: an update names only what it changes. */
function merged(held: Fields, given: Fields): Fields {
  const fields = { ...held };
  for (const name of Object.keys(kept)) {
    const value = given[name];
    if (value !== undefined) fields[name] = isObject(value) ? { ...fieldsOf(held[name]), ...value } : value;
  }
  return fields;
}

function isObject(value: Json): value is Fields & object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function versionIn({ version }: Fields): Fields {
  return version === undefined ? {} : { version };
}

function minorOf(version: Json | undefined): number {
  return Number(String(version).split(".")[1]);
}
